#!/bin/bash
# Entry point that Spark on Kubernetes requires of an image:
#   driver ARGUMENTS...   a driver, with the arguments of spark-submit
#   executor              an executor, told by SPARK_* variables what to be
# Anything else is run as it is. Where Spark's own scripts start a JVM to learn how to start the JVM, this reads the
# properties itself; and the class path has one fixed order, to which the archive of loaded classes is bound.
set -euo pipefail
: "${SPARK_HOME:=/opt/spark}"

archive=$SPARK_HOME/classes.jsa
class_path=$(<"$SPARK_HOME/classpath")
# JVM options that Spark requires on Java 17, and access to Hadoop's Kerberos class.
jvm=(
  -XX:+IgnoreUnrecognizedVMOptions
  --add-opens=java.base/{java.lang,java.lang.invoke,java.lang.reflect,java.io,java.net,java.nio,java.util,java.util.concurrent,java.util.concurrent.atomic,sun.nio.ch,sun.nio.cs,sun.security.action,sun.util.calendar}=ALL-UNNAMED
  --add-opens=java.security.jgss/sun.security.krb5=ALL-UNNAMED
  -Djdk.reflect.useDirectMethodHandle=false
  -Dlog4j2.configurationFile="$SPARK_HOME/log4j2.properties"
  # Measures objects by starting another JVM that attaches to this one, which a container forbids anyway.
  -Djol.skipHotspotSAAttach=true
)

main() {
  local command=${1:-}
  case $command in
    driver) driver "${@:2}" ;;
    executor) executor ;;
    rehearse) rehearse "${@:2}" ;;
    *) exec "$@" ;;
  esac
}

driver() {
  local properties="" conf argument previous="" memory=1g options=() front=""
  for argument in "$@"; do
    [ "$previous" = --properties-file ] && properties=$argument
    previous=$argument
  done
  if [ -n "$properties" ]; then
    memory=$(property "$properties" spark.driver.memory "$memory")
    front=$(property "$properties" spark.driver.extraClassPath "")
    mapfile -t options < <(words "$(property "$properties" spark.driver.defaultJavaOptions "")")
    conf=$(property "$properties" spark.driver.extraJavaOptions "")
    mapfile -t -O "${#options[@]}" options < <(words "$conf")
  fi
  start "-Xmx$memory" "${options[@]}" -cp "$(joined "$front")" org.apache.spark.deploy.SparkSubmit \
    --conf "spark.driver.bindAddress=${SPARK_DRIVER_BIND_ADDRESS:-}" \
    --conf "spark.executorEnv.SPARK_DRIVER_POD_IP=${SPARK_DRIVER_BIND_ADDRESS:-}" \
    --deploy-mode client "$@"
}

executor() {
  local options
  # Options of the conf come as SPARK_JAVA_OPT_0, SPARK_JAVA_OPT_1 and on.
  mapfile -t options < <(env | grep '^SPARK_JAVA_OPT_' | sort -t_ -k4 -n | sed 's/[^=]*=//' || true)
  start "-Xms$SPARK_EXECUTOR_MEMORY" "-Xmx$SPARK_EXECUTOR_MEMORY" "${options[@]}" \
    -cp "$(joined "${SPARK_CLASSPATH:-}")" \
    org.apache.spark.scheduler.cluster.k8s.KubernetesExecutorBackend \
    --driver-url "$SPARK_DRIVER_URL" --executor-id "$SPARK_EXECUTOR_ID" --cores "$SPARK_EXECUTOR_CORES" \
    --app-id "$SPARK_APPLICATION_ID" --hostname "$SPARK_EXECUTOR_POD_IP" \
    --resourceProfileId "$SPARK_RESOURCE_PROFILE_ID" --podName "$SPARK_EXECUTOR_POD_NAME"
}

# Runs a job in one process and keeps the classes that it loaded.
rehearse() {
  # The host name of a build need not resolve.
  export SPARK_LOCAL_IP=127.0.0.1 SPARK_LOCAL_HOSTNAME=localhost
  exec java "${jvm[@]}" -XX:+UseSerialGC -XX:ArchiveClassesAtExit="$archive" -Xmx1g -cp "$class_path" \
    org.apache.spark.deploy.SparkSubmit --master 'local[2]' "$@"
}

start() {
  local shared=()
  # -Xlog: an archive that does not fit, such as with other jars in front, is left aside without a word.
  [ -s "$archive" ] && shared=(-XX:SharedArchiveFile="$archive" -Xshare:auto -Xlog:disable -Xlog:all=error:stderr)
  exec tini -s -- java "${shared[@]}" "${jvm[@]}" "$@"
}

# The class path: what a job puts in front, the jars, and the configuration last, since only then does the archive fit.
joined() {
  local path=$class_path
  [ -n "$1" ] && path=$1:$path
  [ -d "${SPARK_CONF_DIR:-$SPARK_HOME/conf}" ] && path=$path:${SPARK_CONF_DIR:-$SPARK_HOME/conf}
  [ -n "${HADOOP_CONF_DIR:-}" ] && path=$path:$HADOOP_CONF_DIR
  printf '%s' "$path"
}

# property FILE KEY DEFAULT: a value of a Java properties file, with the escapes that Java writes taken out.
property() {
  local line
  line=$(grep -m1 "^${2//./\\.}[=: ]" "$1" || true)
  if [ -z "$line" ]; then printf '%s' "$3"; return; fi
  printf '%s' "${line:$((${#2} + 1))}" | sed -e 's/^[= ]*//' -e 's/\\\(.\)/\1/g'
}

# Splits options as a shell does, quotes included.
words() { [ -z "$1" ] || xargs -n1 printf '%s\n' <<<"$1"; }

main "$@"
