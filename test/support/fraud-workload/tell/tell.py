"""Reads with the client of AWS what Spark wrote, and tries to write, which its account may not."""

import json
import os
import sys
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

store = boto3.client("s3", config=Config(s3={"addressing_style": "path"}))
bucket, _, prefix = os.environ["SCORES"].removeprefix("s3a://").partition("/")
found = store.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
try:
    store.put_object(Bucket=bucket, Key="fraud/forged", Body=b"")
    sys.exit("it may write")
except ClientError as error:
    refused = error.response["Error"]["Code"]
files = [each["Key"] for each in found if each["Key"].endswith(".parquet")]
print(f"told of {os.environ['ROWS']} rows")
Path(os.environ["MLSTACK_RESULT"]).write_text(json.dumps({"files": len(files), "refused": refused}))
