"""The stack on MiniStack, with the real program: ticket, presigned upload, S3 event, function, result. Run by .ci/run.

What MiniStack lacks (the CDN and its headers, the budget) is left out; what the template says of it is checked in template.py.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import zipfile

import boto3
import translated
from processes import free_port, server
from translated import ROOT

sys.path.insert(0, str(ROOT / "infra"))
import stack as operator

PROGRAM = pathlib.Path(os.environ.get("FRIENDS_LAMBDA", ROOT / "target/debug/friends-lambda"))
BUNDLE = ["manifest.json", "backbone.onnx", "head.json"]
MISSING = ["Site", "SiteAccess", "SiteHeaders", "SiteBucketPolicy", "ApiRequests", "Budget", "Alerts"]
NAME, REGION, ACCOUNT = "friends-judge", "ap-northeast-1", "000000000000"
KEY = "AKIAEXAMPLE"


def code():
    """The function's package."""
    with tempfile.TemporaryDirectory() as folder:
        bootstrap = pathlib.Path(folder) / "bootstrap"
        subprocess.run(["strip", "-o", bootstrap, PROGRAM], check=True)
        package = pathlib.Path(folder) / "function.zip"
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr, entry.compress_type = 0o755 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, bootstrap.read_bytes())
            for name in BUNDLE:
                archive.write(ROOT / "models/friends" / name, f"models/friends/{name}")
        yield package


def template(bucket, key, endpoint):
    """The translated template without what MiniStack lacks, and with the way to MiniStack."""
    body = translated.translated((bucket, key), {"Architecture": "x86_64", "Concurrency": 10})
    resources = body["Resources"]
    for name in MISSING:
        del resources[name]
    body["Outputs"] = {key: value for key, value in body["Outputs"].items() if "Site" not in json.dumps(value) or key == "SiteBucket"}
    resources["UploadBucket"]["Properties"]["CorsConfiguration"]["CorsRules"][0]["AllowedOrigins"] = ["https://site.example"]
    variables = resources["Judge"]["Properties"]["Environment"]["Variables"]
    variables |= {"AWS_ENDPOINT_URL_S3": endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": REGION}
    return json.dumps(body)


class EndToEnd(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        port = free_port()
        cls.endpoint = f"http://127.0.0.1:{port}"
        environment = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "LAMBDA_EXECUTOR": "local"}
        cls.enterClassContext(server(["ministack"], cls.endpoint, f"{cls.folder}/ministack.log", environment))
        session = boto3.Session(aws_access_key_id=KEY, aws_secret_access_key="secret", region_name=REGION)
        cls.client = staticmethod(lambda service: session.client(service, endpoint_url=cls.endpoint))
        cls.s3 = cls.client("s3")
        for package in code():
            bucket = f"{NAME}-code-{ACCOUNT}"
            key = operator.upload_code(cls.s3, bucket, package, REGION)
            assert key == operator.upload_code(cls.s3, bucket, package, REGION), "the same code has the same name"
        cls.outputs = cls.deploy(template(bucket, key, cls.endpoint))

    @classmethod
    def deploy(cls, body):
        cloudformation = cls.client("cloudformation")
        cloudformation.create_stack(StackName=NAME, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        deadline = time.monotonic() + 60
        while (stack := operator.describe(cloudformation, NAME))["StackStatus"].endswith("IN_PROGRESS"):
            assert time.monotonic() < deadline, stack
            time.sleep(0.2)
        assert stack["StackStatus"] == "CREATE_COMPLETE", operator.first_failure(cloudformation, NAME)
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def api(self, method, path, body=None):
        """Status and JSON of a call of the HTTP API."""
        (api,) = self.client("apigatewayv2").get_apis()["Items"]
        headers = {"Host": f"{api['ApiId']}.execute-api.localhost", "Content-Type": "application/json"}
        request = urllib.request.Request(self.endpoint + path, json.dumps(body).encode() if body else None, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read().decode()

    def result(self, ticket):
        """The ticket's document once it has ended."""
        deadline = time.monotonic() + 60
        while True:
            key = ticket["result_url"].lstrip("/")
            document = json.load(self.s3.get_object(Bucket=self.outputs["SiteBucket"], Key=key)["Body"])
            if document["status"] != "waiting":
                return document
            self.assertLess(time.monotonic(), deadline, f"it still waits:\n{self.log()}")
            time.sleep(0.2)

    def log(self):
        return pathlib.Path(self.folder, "ministack.log").read_text()[-3000:]

    def visit(self, photo):
        status, ticket = self.api("POST", "/api/uploads", {"content_type": "image/jpeg", "size_bytes": len(photo)})
        self.assertEqual(status, 201, f"{ticket}\n{self.log()}")
        upload = ticket["upload"]
        request = urllib.request.Request(upload["url"], photo, upload["headers"], method=upload["method"])
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.assertEqual(answer.status, 200)
        return ticket

    def test_a_photo_becomes_a_result(self):
        ticket = self.visit((ROOT / "src/web/demo-serval.jpg").read_bytes())
        document = self.result(ticket)
        self.assertEqual(document["status"], "done", document)
        self.assertEqual(document["faces"][0]["verdict"], {"kind": "match", "friend": "serval"})
        left = self.s3.list_objects_v2(Bucket=self.outputs["UploadBucket"], Prefix="uploads/")
        self.assertEqual(left["KeyCount"], 0, "the photo is gone")

    def test_what_is_no_photo_is_rejected(self):
        document = self.result(self.visit(b"this is a text"))
        self.assertEqual((document["status"], document["error"]["code"]), ("rejected", "unsupported_media_type"))

    def test_the_api_has_these_routes_and_no_others(self):
        status, health = self.api("GET", "/api/health")
        self.assertEqual((status, health["detector"]), (200, "embedded"))
        self.assertEqual(self.api("GET", "/api/nothing")[0], 404)

    def test_what_lambda_gave_up_ends_as_failed(self):
        _, ticket = self.api("POST", "/api/uploads", {"content_type": "image/jpeg", "size_bytes": 10})
        given_up = (ROOT / "events/on-failure-envelope.json").read_text()
        given_up = given_up.replace("AAAAAAAAAAAAAAAAAAAAAAAA", ticket["id"])
        given_up = given_up.replace('"friends-uploads"', json.dumps(self.outputs["UploadBucket"]))
        sqs = self.client("sqs")
        (queue,) = [url for url in sqs.list_queues()["QueueUrls"] if "Failure" in url]
        sqs.send_message(QueueUrl=queue, MessageBody=given_up)
        self.assertEqual(self.result(ticket)["status"], "failed")

    def test_the_page_is_uploaded_once(self):
        files = operator.addressed(operator.page_files(), "https://site.example/")
        bucket = self.outputs["SiteBucket"]
        self.s3.put_object(Bucket=bucket, Key="old.js", Body=b"")
        changed = operator.upload_page(self.s3, bucket, files)
        self.assertEqual(changed, sorted([key for key, _, _ in files] + ["old.js"]))
        self.assertEqual(operator.upload_page(self.s3, bucket, files), [], "nothing changes the second time")
        page = self.s3.get_object(Bucket=bucket, Key="index.html")
        self.assertIn(b'"og:image" content="https://site.example/friends/everyone-wide.jpg"', page["Body"].read())
        self.assertEqual((page["ContentType"], page["CacheControl"]), ("text/html; charset=utf-8", "no-cache"))


if __name__ == "__main__":
    unittest.main()
