/** Loads and initialises each class named in the arguments, and prints those that fail with the reason. */
class LoadClasses {
  public static void main(String[] names) {
    for (String name : names) {
      try {
        Class.forName(name);
      } catch (Throwable error) {
        System.out.println(name + ": " + error);
      }
    }
  }
}
