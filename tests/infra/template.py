"""What a lint cannot see: assertions on the stack template as CloudFormation will see it. Run by .ci/run."""

import json
import re
import unittest

import translated
from translated import ROOT

RESOURCES = translated.translated()["Resources"]


def of(name):
    return RESOURCES[name]["Properties"]


def text(value):
    return json.dumps(value, sort_keys=True)


def rust_constant(path, name):
    """A constant of the program, as written."""
    found = re.search(rf'const {name}: [^=]+= ("(?:[^"\\]|\\.)*"|[^;]+);', (ROOT / path).read_text(), re.DOTALL)
    assert found, f"{name} is not in {path}"
    return found[1]


def seconds(name, path="src/service/limits.rs"):
    unit, number = re.fullmatch(r"Duration::from_(\w+)\((\d+)\)", rust_constant(path, name)).groups()
    return int(number) * {"secs": 1, "mins": 60, "hours": 3600}[unit]


class Template(unittest.TestCase):
    def test_lint(self):
        translated.lint()

    def test_buckets_are_private_and_take_encrypted_connections_only(self):
        for bucket in ("UploadBucket", "SiteBucket"):
            self.assertEqual(set(of(bucket)["PublicAccessBlockConfiguration"].values()), {True})
            self.assertEqual(len(of(bucket)["PublicAccessBlockConfiguration"]), 4)
            statements = of(bucket + "Policy")["PolicyDocument"]["Statement"]
            self.assertTrue(
                any(s["Effect"] == "Deny" and s["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for s in statements)
            )
            for statement in statements:
                if statement["Effect"] == "Allow":
                    self.assertEqual(statement["Principal"], {"Service": "cloudfront.amazonaws.com"})
                    self.assertIn("AWS:SourceArn", text(statement["Condition"]))

    def test_objects_go_when_the_program_says_so(self):
        days = {
            rule["Prefix"]: rule["ExpirationInDays"]
            for bucket in ("UploadBucket", "SiteBucket")
            for rule in of(bucket)["LifecycleConfiguration"]["Rules"]
            if "Prefix" in rule
        }
        self.assertEqual(days["uploads/"] * 86400, seconds("PHOTO_LIFETIME"))
        self.assertEqual(days["results/"] * 86400, seconds("RESULT_LIFETIME"))
        self.assertEqual(days["waiting/"] * 86400, seconds("RESULT_LIFETIME"))
        self.assertEqual(days["feedback/"] * 86400, seconds("FEEDBACK_LIFETIME"))

    def test_the_page_may_upload_and_nobody_else(self):
        (rule,) = of("UploadBucket")["CorsConfiguration"]["CorsRules"]
        self.assertEqual(rule["AllowedMethods"], ["PUT"])
        self.assertNotIn("*", text(rule["AllowedOrigins"]))
        # The headers of a presigned upload, see tests/infra/seaweedfs.py.
        self.assertEqual(rule["AllowedHeaders"], ["content-type", "if-none-match"])
        self.assertNotIn("CorsConfiguration", of("SiteBucket"))

    def test_only_photos_trigger_the_function(self):
        (notification,) = of("UploadBucket")["NotificationConfiguration"]["LambdaConfigurations"]
        self.assertEqual(notification["Filter"], {"S3Key": {"Rules": [{"Name": "prefix", "Value": "uploads/"}]}})
        self.assertNotIn("NotificationConfiguration", of("SiteBucket"))

    def test_times_fit_together(self):
        judge, queue, invoke = of("Judge"), of("FailureQueue"), of("JudgeEventInvokeConfig")
        timeout, tries = judge["Timeout"], 1 + invoke["MaximumRetryAttempts"]
        wait, pauses = seconds("WAIT"), 60 + 120
        # A ticket is ended by the failure queue before it is overdue: upload, all tries with their pauses, the queue.
        self.assertLess(seconds("UPLOAD_WINDOW") + tries * timeout + pauses + timeout, wait)
        self.assertLess(invoke["MaximumEventAgeInSeconds"], wait)
        # AWS asks for six times the function's timeout.
        self.assertGreaterEqual(queue["VisibilityTimeout"], 6 * timeout)
        self.assertEqual(of("ApiIntegration")["TimeoutInMillis"], 1000 * timeout)
        page = (ROOT / "src/web/api.js").read_text()
        minutes = re.search(r"const DEADLINE_FALLBACK_MS = (\d+) \* 60_000;", page)
        self.assertGreater(int(minutes[1]) * 60, wait, "the page outlasts the ticket")

    def test_what_failed_is_read_by_the_function_and_unread_failures_wake_the_operator(self):
        failure_queue = {"Fn::GetAtt": ["FailureQueue", "Arn"]}
        self.assertEqual(of("JudgeEventInvokeConfig")["DestinationConfig"]["OnFailure"]["Destination"], failure_queue)
        self.assertEqual(of("JudgeGivenUp")["EventSourceArn"], failure_queue)
        self.assertEqual(of("JudgeGivenUp")["BatchSize"], 1)
        self.assertEqual(
            of("FailureQueue")["RedrivePolicy"]["deadLetterTargetArn"], {"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}
        )
        alarmed = text([of(name)["Dimensions"] for name in RESOURCES if RESOURCES[name]["Type"] == "AWS::CloudWatch::Alarm"])
        self.assertIn("DeadLetterQueue", alarmed)

    def test_the_role_names_every_resource(self):
        role = of("JudgeRole")
        self.assertNotIn("ManagedPolicyArns", role)
        statements = [s.get("Fn::If", [0, s])[1] for s in role["Policies"][0]["PolicyDocument"]["Statement"]]
        for statement in statements:
            self.assertNotIn("*", text(statement["Action"]))
            self.assertNotEqual(statement["Resource"], "*")
        readme = (ROOT / "infra/README.md").read_text()
        for action in {a for s in statements for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])}:
            self.assertIn(f"`{action}`", readme, "the README says why")

    def test_polls_read_the_bucket_and_errors_are_not_kept(self):
        site = of("Site")["DistributionConfig"]
        caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        behaviors = {behavior["PathPattern"]: behavior for behavior in site["CacheBehaviors"]}
        self.assertEqual(behaviors["/results/*"]["TargetOriginId"], "bucket")
        self.assertEqual(behaviors["/results/*"]["CachePolicyId"], caching_disabled)
        self.assertEqual(behaviors["/api/*"]["TargetOriginId"], "api")
        self.assertEqual(behaviors["/api/*"]["CachePolicyId"], caching_disabled)
        # What the bucket does not have, the function answers with a page.
        self.assertEqual(site["DefaultCacheBehavior"]["TargetOriginId"], "bucket-or-missing")
        self.assertNotIn("/r/*", behaviors)
        [group] = site["OriginGroups"]["Items"]
        self.assertEqual([member["OriginId"] for member in group["Members"]["Items"]], ["bucket", "api"])
        self.assertEqual(group["FailoverCriteria"]["StatusCodes"]["Items"], [403, 404])
        kept = {error["ErrorCode"]: error["ErrorCachingMinTTL"] for error in site["CustomErrorResponses"]}
        self.assertEqual(kept, dict.fromkeys([403, 404, 500, 502, 503, 504], 0))

    def test_the_page_has_the_policy_that_it_has_under_serve(self):
        served = rust_constant("src/local/page.rs", "CONTENT_SECURITY_POLICY").strip('"')
        served = re.sub(r"\\\n\s*", "", served)
        config = of("SiteHeaders")["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]
        ours = config["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Sub"]
        # On AWS photos go to a host of their own.
        self.assertEqual(re.sub(r"(connect-src 'self') https://[^;]+;", r"\1;", ours), served)
        bucket = of("UploadBucket")["BucketName"]["Fn::Sub"]
        self.assertIn(f"https://{bucket}.s3.${{AWS::Region}}.${{AWS::URLSuffix}};", ours)
        self.assertEqual(config["ReferrerPolicy"]["ReferrerPolicy"], "no-referrer")
        custom = of("SiteHeaders")["ResponseHeadersPolicyConfig"]["CustomHeadersConfig"]["Items"]
        permissions = rust_constant("src/local/page.rs", "PERMISSIONS_POLICY").strip('"')
        self.assertEqual(
            {item["Header"]: item["Value"] for item in custom},
            {"Permissions-Policy": permissions, "Cross-Origin-Opener-Policy": "same-origin"},
        )

    def test_the_api_is_throttled_and_has_the_routes_of_the_program(self):
        settings = of("ApiStage")["DefaultRouteSettings"]
        self.assertGreater(settings["ThrottlingRateLimit"], 0)
        routes = {of(name)["RouteKey"] for name in RESOURCES if RESOURCES[name]["Type"] == "AWS::ApiGatewayV2::Route"}
        described = json.loads((ROOT / "src/web/openapi.json").read_text())["paths"]
        ours = {f"{method.upper()} {path}" for path, methods in described.items() if path.startswith("/api/") for method in methods}
        pages = {"GET /r/{share_id}", "GET /{proxy+}"}
        self.assertEqual(routes, ours | pages)
        limits = of("ApiStage")["RouteSettings"]
        self.assertEqual(set(limits), pages)
        for limit in limits.values():
            self.assertLess(limit["ThrottlingRateLimit"], settings["ThrottlingRateLimit"])

    def test_costs_are_capped(self):
        self.assertEqual(of("Judge")["ReservedConcurrentExecutions"], {"Ref": "Concurrency"})
        self.assertIn("NotificationsWithSubscribers", of("Budget"))
        self.assertEqual(of("Logs")["RetentionInDays"], 14)
        self.assertEqual(of("Judge")["LoggingConfig"]["LogGroup"], {"Ref": "Logs"})

    def test_the_dashboard_shows_metrics_that_the_program_writes(self):
        body = json.loads(of("Dashboard")["DashboardBody"]["Fn::Sub"])
        report = (ROOT / "src/service/observe/log_line.rs").read_text()
        stages = re.findall(r'\("(\w+)", times\.\w+\)', report)
        written = {f"time.{stage}" for stage in stages} | set(re.findall(r'measure\("([\w.]+)"', report))
        shown = set()
        for widget in body["widgets"]:
            for metric in widget["properties"]["metrics"]:
                if metric[0] == "FriendsJudge":
                    shown.add(metric[1])
        counted = {name for name in shown if name.startswith(("status.", "verdict."))}
        self.assertEqual(shown - counted, written)
        self.assertEqual(counted, {f"status.{s}" for s in ("done", "rejected", "failed", "expired")} | {f"verdict.{v}" for v in ("match", "either", "none")})
        sinks = (ROOT / "src/service/observe/sinks.rs").read_text()
        self.assertIn('NAMESPACE: &str = "FriendsJudge"', sinks)

    def test_no_key_stands_in_the_open(self):
        variables = of("Judge")["Environment"]["Variables"]
        self.assertNotIn("FRIENDS_VISION_KEY", variables)
        self.assertIn("FRIENDS_VISION_KEY_SECRET", variables)


if __name__ == "__main__":
    unittest.main()
