"""What boto3 asks of the origin, and what must come of it. Run where `files` is, configured by the environment."""

import io
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

s3 = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))
FILES = Path("files")


def refused(code, call, **arguments):
    """The call is answered with this error; returns its message."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"].get("Message", "")
    raise AssertionError(f"not refused: {call} {arguments}")


def keys(**arguments):
    pages = s3.get_paginator(arguments.pop("operation", "list_objects_v2")).paginate(Bucket="run", **arguments)
    return [entry["Key"] for page in pages for entry in page.get("Contents", [])]


def read(key, **arguments):
    return s3.get_object(Bucket="run", Key=key, **arguments)["Body"].read()


# Buckets.
assert {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]} == {"run", "another"}
assert [bucket["Name"] for bucket in s3.list_buckets(Prefix="an")["Buckets"]] == ["another"]
s3.head_bucket(Bucket="run")
s3.create_bucket(Bucket="run")
assert s3.get_bucket_location(Bucket="run")["LocationConstraint"] is None
refused("404", s3.head_bucket, Bucket="nobody-announced-it")
refused("AccessDenied", s3.create_bucket, Bucket="nobody-announced-it")

# Files, in one request and in parts, with every checksum that boto3 can send by itself.
sent = {f"ours/{path.relative_to(FILES)}": path for path in FILES.rglob("*") if path.is_file()}
for key, path in sent.items():
    s3.upload_file(str(path), "run", key, ExtraArgs={"Metadata": {"mtime": "1.5"}, "ContentType": "text/x-one"})
for algorithm in ["CRC32", "SHA1", "SHA256"]:
    answer = s3.put_object(Bucket="run", Key="ours/sum", Body=b"sum", ChecksumAlgorithm=algorithm)
    assert answer[f"Checksum{algorithm}"], answer


def behind(params, **_):
    """Checksums go behind the body, in chunks, as they do over https."""
    params["context"]["checksum"]["request_algorithm"]["in"] = "trailer"


chunked = boto3.client("s3", config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}))
chunked.meta.events.register("before-call.s3.PutObject", behind)
for body in [b"", b"sum", b"chunk" * (1 << 20)]:
    answer = chunked.put_object(Bucket="run", Key="ours/sum", Body=io.BytesIO(body), ChecksumAlgorithm="CRC32")
    assert answer["ChecksumCRC32"] and read("ours/sum") == body, answer
    assert "ContentEncoding" not in s3.head_object(Bucket="run", Key="ours/sum")
refused("BadDigest", s3.put_object, Bucket="run", Key="ours/bad", Body=b"x", ChecksumCRC32="AAAAAA==")
refused("BadDigest", s3.put_object, Bucket="run", Key="ours/bad", Body=b"x", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==")
for key, path in sent.items():
    received = io.BytesIO()
    s3.download_fileobj("run", key, received)
    assert received.getvalue() == path.read_bytes(), key
    head = s3.head_object(Bucket="run", Key=key)
    assert head["Metadata"] == {"mtime": "1.5"} and head["ContentType"] == "text/x-one", head
    assert head["ContentLength"] == path.stat().st_size, head

# Listings, page by page, in both versions and of keys that XML cannot write.
strange = "ours/\x01\u2713 + %41&<"
s3.put_object(Bucket="run", Key=strange, Body=b"strange")
expected = sorted([*sent, "ours/sum", strange], key=str.encode)
for operation in ["list_objects", "list_objects_v2"]:
    for size in [1, 2, 1000]:
        found = keys(operation=operation, Prefix="ours/", PaginationConfig={"PageSize": size})
        assert found == expected, (operation, size, found)
page = s3.list_objects(Bucket="run", Delimiter="/", MaxKeys=9)
assert page["IsTruncated"] and page["NextMarker"] == "others/", page
assert s3.list_objects(Bucket="run", Delimiter="/", Marker="others/")["CommonPrefixes"] == [{"Prefix": "ours/"}]
assert read(strange) == b"strange"

# Ranges and conditions.
small = sent["ours/small.txt"].read_bytes()
whole = s3.get_object(Bucket="run", Key="ours/small.txt")
assert read("ours/small.txt", Range="bytes=5-14") == small[5:15]
assert read("ours/small.txt", Range="bytes=-10") == small[-10:]
refused("InvalidRange", s3.get_object, Bucket="run", Key="ours/small.txt", Range="bytes=10000-")
refused("304", s3.get_object, Bucket="run", Key="ours/small.txt", IfNoneMatch=whole["ETag"])
refused("304", s3.get_object, Bucket="run", Key="ours/small.txt", IfModifiedSince=whole["LastModified"])
refused("PreconditionFailed", s3.get_object, Bucket="run", Key="ours/small.txt", IfMatch='"another"')
refused("PreconditionFailed", s3.put_object, Bucket="run", Key="ours/small.txt", Body=b"x", IfNoneMatch="*")
refused("PreconditionFailed", s3.put_object, Bucket="run", Key="object-000001", Body=b"x", IfNoneMatch="*")
refused("NoSuchKey", s3.get_object, Bucket="run", Key="ours/nothing")
s3.put_object(Bucket="run", Key="ours/once", Body=b"once", IfNoneMatch="*")

# Copies: with what the source had, with something else, of the run's own objects, where a condition lets them.
source = {"Bucket": "run", "Key": "ours/small.txt"}
copied = s3.copy_object(Bucket="run", Key="ours/copy", CopySource=source)["CopyObjectResult"]
head = s3.head_object(Bucket="run", Key="ours/copy")
assert (head["ETag"], head["Metadata"]) == (whole["ETag"], {"mtime": "1.5"}) and head["ETag"] == copied["ETag"], head
s3.copy_object(Bucket="run", Key="ours/copy", CopySource=source, MetadataDirective="REPLACE", Metadata={"a": "b"})
head = s3.head_object(Bucket="run", Key="ours/copy")
assert head["Metadata"] == {"a": "b"} and read("ours/copy") == small, head
own = read("object-000001")
s3.copy_object(Bucket="run", Key="ours/own", CopySource="run/object-000001")
assert read("ours/own") == own
refused("PreconditionFailed", s3.copy_object, Bucket="run", Key="ours/x", CopySource=source, CopySourceIfMatch='"x"')
refused("NoSuchKey", s3.copy_object, Bucket="run", Key="ours/x", CopySource="run/ours/nothing")
s3.copy({"Bucket": "run", "Key": "ours/large.bin"}, "run", "ours/large copy ✓")
assert read("ours/large copy ✓") == sent["ours/large.bin"].read_bytes()

# An upload in parts, seen on its way.
upload = s3.create_multipart_upload(Bucket="run", Key="ours/parts", Metadata={"c": "d"})["UploadId"]
at = {"Bucket": "run", "Key": "ours/parts", "UploadId": upload}
first = s3.upload_part(**at, PartNumber=1, Body=b"a" * (5 << 20))
second = s3.upload_part_copy(**at, PartNumber=2, CopySource="run/object-000001", CopySourceRange="bytes=5-14")
parts = s3.list_parts(**at, MaxParts=1)
assert [part["Size"] for part in parts["Parts"]] == [5 << 20] and parts["NextPartNumberMarker"] == 1, parts
assert [part["Size"] for part in s3.list_parts(**at, PartNumberMarker=1)["Parts"]] == [10]
uploads = s3.list_multipart_uploads(Bucket="run", Prefix="ours/")["Uploads"]
assert [(one["Key"], one["UploadId"]) for one in uploads] == [("ours/parts", upload)], uploads
listed = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": second["CopyPartResult"]["ETag"]}]
s3.complete_multipart_upload(**at, MultipartUpload={"Parts": listed})
assert read("ours/parts", Range=f"bytes={(5 << 20) - 1}-") == b"a" + own[5:15]
assert s3.head_object(Bucket="run", Key="ours/parts")["Metadata"] == {"c": "d"}
upload = s3.create_multipart_upload(Bucket="run", Key="ours/parts")["UploadId"]
s3.abort_multipart_upload(Bucket="run", Key="ours/parts", UploadId=upload)
assert "Uploads" not in s3.list_multipart_uploads(Bucket="run")

# What has no tags can be asked for them.
assert s3.get_object_tagging(Bucket="run", Key="ours/small.txt")["TagSet"] == []

# What is not done says so.
for call, more in [
    (s3.get_bucket_policy, {}),
    (s3.get_bucket_versioning, {}),
    (s3.list_object_versions, {}),
    (s3.delete_bucket, {}),
    (s3.put_bucket_acl, {"ACL": "private"}),
    (s3.get_object_acl, {"Key": "ours/small.txt"}),
    (s3.delete_object_tagging, {"Key": "ours/small.txt"}),
    (s3.restore_object, {"Key": "ours/small.txt"}),
]:
    name = "".join(word.title() for word in call.__name__.split("_"))
    assert name in refused("NotImplemented", call, Bucket="run", **more), name

# Everything of ours goes, by itself, in one request and with one that quietly says nothing.
s3.delete_object(Bucket="run", Key=strange)
for quiet in [False, True]:
    ours = [{"Key": key} for key in keys(Prefix="ours/")][: None if quiet else 3]
    answer = s3.delete_objects(Bucket="run", Delete={"Objects": ours, "Quiet": quiet})
    assert "Errors" not in answer and len(answer.get("Deleted", [])) == (0 if quiet else 3), answer
assert keys(Prefix="ours/") == []
print("done")
