"""Presigned uploads of the real program against SeaweedFS, an S3 that we did not write. Run by .ci/run.

It checks signatures honestly: an upload that differs in anything from what its ticket says must be refused.
"""

import json
import os
import pathlib
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import boto3
from processes import free_port, server
from runtime_api import function
from translated import ROOT, translated

PROGRAM = os.environ.get("FRIENDS_LAMBDA", str(ROOT / "target/debug/friends-lambda"))
KEY, SECRET = "AKIAEXAMPLE", "seaweed-secret"
UPLOADS, SITE = "friends-uploads", "friends-site"
PHOTO = (ROOT / "src/web/demo-serval.jpg").read_bytes()
ORIGIN = "https://site.example"


class PresignedUploads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = pathlib.Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        config = folder / "s3.json"
        identity = {"name": "friends", "credentials": [{"accessKey": KEY, "secretKey": SECRET}], "actions": ["Admin"]}
        config.write_text(json.dumps({"identities": [identity]}))
        ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
        options = [f"-{name}.port={port}" for name, port in ports.items()]
        options += [f"-{name}.port.grpc={free_port()}" for name in ports]
        cls.endpoint = f"http://127.0.0.1:{ports['s3']}"
        command = ["weed", "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-filer", "-s3", *options]
        cls.enterClassContext(server([*command, f"-s3.config={config}"], cls.endpoint, folder / "weed.log"))
        cls.s3 = boto3.client(
            "s3", endpoint_url=cls.endpoint, aws_access_key_id=KEY, aws_secret_access_key=SECRET, region_name="us-east-1"
        )
        for bucket in (UPLOADS, SITE):
            cls.s3.create_bucket(Bucket=bucket)
        # The rules of the template, with an origin in place of the CDN's.
        (rule,) = translated()["Resources"]["UploadBucket"]["Properties"]["CorsConfiguration"]["CorsRules"]
        rule = {"AllowedMethods": rule["AllowedMethods"], "AllowedHeaders": rule["AllowedHeaders"], "AllowedOrigins": [ORIGIN]}
        cls.s3.put_bucket_cors(Bucket=UPLOADS, CORSConfiguration={"CORSRules": [rule]})

    def environment(self):
        return {
            "FRIENDS_UPLOAD_BUCKET": UPLOADS,
            "FRIENDS_SITE_BUCKET": SITE,
            "FRIENDS_MODEL_DIR": str(ROOT / "models/friends"),
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }

    def ticket(self, clock=()):
        """A ticket, from a program whose clock may be wrong."""
        event = json.loads((ROOT / "events/api-open-ticket.json").read_text())
        event["body"] = json.dumps({"content_type": "image/jpeg", "size_bytes": len(PHOTO)})
        with function([*clock, PROGRAM], self.environment()) as judge:
            answer = judge.invoke(event)
        self.assertEqual(answer["statusCode"], 201, answer)
        return json.loads(answer["body"])

    def put(self, url, body, headers):
        try:
            return urllib.request.urlopen(urllib.request.Request(url, body, headers, method="PUT"), timeout=30).status
        except urllib.error.HTTPError as refusal:
            return refusal.code

    def stored(self, ticket):
        return self.s3.list_objects_v2(Bucket=UPLOADS, Prefix=f"uploads/{ticket['id']}").get("KeyCount", 0)

    def test_exactly_what_was_asked_for_is_taken_once(self):
        ticket = self.ticket()
        upload = ticket["upload"]
        self.assertEqual(self.put(upload["url"], PHOTO, upload["headers"]), 200)
        stored = self.s3.get_object(Bucket=UPLOADS, Key=f"uploads/{ticket['id']}")
        self.assertEqual((stored["Body"].read(), stored["ContentType"]), (PHOTO, "image/jpeg"))
        self.assertEqual(self.put(upload["url"], PHOTO, upload["headers"]), 412)

    def test_anything_else_is_refused(self):
        ticket = self.ticket()
        url, headers = ticket["upload"]["url"], ticket["upload"]["headers"]
        parts = urllib.parse.urlsplit(url)
        another_key = parts._replace(path=parts.path[:-1] + ("B" if parts.path[-1] != "B" else "C")).geturl()
        longer_window = url.replace("X-Amz-Expires=300", "X-Amz-Expires=3000")
        self.assertNotEqual(longer_window, url)
        attempts = {
            "longer": (url, PHOTO + b"x", headers),
            "shorter": (url, PHOTO[:-1], headers),
            "another type": (url, PHOTO, {**headers, "content-type": "text/html"}),
            "another key": (another_key, PHOTO, headers),
            "a longer window": (longer_window, PHOTO, headers),
            "another signature": (re_sign(url), PHOTO, headers),
            "over what is there": (url, PHOTO, {name: value for name, value in headers.items() if name != "if-none-match"}),
        }
        for name, attempt in attempts.items():
            with self.subTest(name):
                self.assertEqual(self.put(*attempt), 403)
        self.assertEqual(self.stored(ticket), 0)

    def test_an_expired_upload_is_refused(self):
        ticket = self.ticket(clock=["faketime", "-m", "-f", "-10m"])
        self.assertEqual(self.put(ticket["upload"]["url"], PHOTO, ticket["upload"]["headers"]), 403)
        self.assertEqual(self.stored(ticket), 0)

    def test_only_the_page_gets_past_the_preflight(self):
        ticket = self.ticket()
        url, headers = ticket["upload"]["url"], ",".join(ticket["upload"]["headers"])

        def allowed(origin, method="PUT"):
            asking = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}
            try:
                answer = urllib.request.urlopen(urllib.request.Request(url, headers=asking, method="OPTIONS"), timeout=30)
            except urllib.error.HTTPError:
                return None
            methods = answer.headers.get("Access-Control-Allow-Methods", "").split(",")
            return answer.headers.get("Access-Control-Allow-Origin") if method in methods else None

        self.assertEqual(allowed(ORIGIN), ORIGIN)
        self.assertIsNone(allowed("https://evil.example"))
        self.assertIsNone(allowed(ORIGIN, "DELETE"))


def re_sign(url):
    """The same address with another signature."""
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qsl(parts.query)
    query = [(name, value[::-1] if name == "X-Amz-Signature" else value) for name, value in query]
    return parts._replace(query=urllib.parse.urlencode(query)).geturl()


if __name__ == "__main__":
    unittest.main()
