"""Creates, updates and deletes the stack; infra/deploy and infra/destroy call this in their environment."""

import argparse
import base64
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

import boto3
import botocore.exceptions
import zopfli
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "infra" / "template.yaml"
PAGE = ROOT / "src" / "web"
PACKAGE = ROOT / "target" / "lambda" / "friends-lambda" / "bootstrap.zip"
# The types that `friends serve` gives them (src/local/page.rs).
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
}
# Kept, but asked about each time: an unchanged file costs a 304.
CACHE_CONTROL = "no-cache"
WRITTEN = ("results/", "r/", "stats.json")  # by the function, not by us
POLL_SECONDS = 3


class Problem(Exception):
    """A sentence for the operator."""


def package(architecture):
    """Builds the function's zip with the bundle inside; returns its path."""
    if not shutil.which("cargo"):
        raise Problem("Rust is missing: see https://rustup.rs")
    command = build_command(architecture)
    say(f"building: {' '.join(command)}")
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        hint = " For arm64 Rust needs that target: rustup target add aarch64-unknown-linux-gnu." if architecture == "arm64" else ""
        raise Problem(f"The function could not be built.{hint} --architecture x86_64 builds without it.")
    say("packing: as small as a zip can be, which takes a minute")
    return repacked(PACKAGE)


def repacked(path):
    """The same zip, packed with more patience: 3 % smaller, so that it is fetched sooner at a cold start."""
    smaller = path.with_suffix(".small.zip")
    with zipfile.ZipFile(path) as old, zopfli.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED, iterations=1) as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry))
    smaller.replace(path)
    return path


def build_command(architecture):
    features = ["--no-default-features", "--features", "lambda", "--bin", "friends-lambda"]
    target = ["--arm64"] if architecture == "arm64" else []
    return ["cargo", "lambda", "build", "--release", *features, *target, "--output-format", "zip"]


def page_files():
    """Key, type and content of every file of the page."""
    files = sorted(path for path in PAGE.rglob("*") if path.is_file())
    unknown = [path.name for path in files if path.suffix not in TYPES]
    if unknown:
        raise Problem(f"{', '.join(unknown)} in {PAGE} has a type that is not known here: add it to TYPES in infra/stack.py.")
    return [(object_key(path), TYPES[path.suffix], path.read_bytes()) for path in files]


def object_key(path):
    """Where a file of the page lies in the bucket; index.html stands for its folder, as CloudFront knows one such file alone."""
    key = path.relative_to(PAGE).as_posix()
    return key.removesuffix("index.html") if key.endswith("/index.html") else key


def addressed(files, site):
    """The files with the site's address, which ends with a slash, before the picture of the start page's link preview: a preview needs a whole one."""
    mark = b'property="og:image" content="'
    pages = {key: content for key, _, content in files}
    if pages["index.html"].count(mark) != 1:
        raise Problem(f"{PAGE}/index.html does not say `{mark.decode()}` exactly once.")
    start = pages["index.html"].replace(mark, mark + site.encode())
    return [(key, kind, start if key == "index.html" else content) for key, kind, content in files]


def template_text(bucket, key):
    """The template as JSON, with the function's code in a bucket."""
    template = yaml_parse(TEMPLATE.read_text())
    template["Resources"]["Judge"]["Properties"]["CodeUri"] = {"Bucket": bucket, "Key": key}
    return json.dumps(template, separators=(",", ":"), ensure_ascii=False)


def upload_code(s3, bucket, path, region):
    """Puts the zip under a name that its content decides, and returns the name."""
    content = path.read_bytes()
    key = f"{hashlib.sha256(content).hexdigest()[:32]}.zip"
    if not exists(s3.head_bucket, Bucket=bucket):
        elsewhere = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        s3.create_bucket(Bucket=bucket, **elsewhere)
        private = dict.fromkeys(["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"], True)
        s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=private)
    if not exists(s3.head_object, Bucket=bucket, Key=key):
        s3.put_object(Bucket=bucket, Key=key, Body=content)
    return key


def upload_page(s3, bucket, files):
    """Uploads what differs, deletes what is no longer part of the page; returns the keys that changed."""
    there = {}
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        there |= {entry["Key"]: entry["ETag"].strip('"') for entry in page.get("Contents", [])}
    changed = []
    for key, kind, content in files:
        digest = hashlib.md5(content)
        if there.get(key) == digest.hexdigest():
            continue
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentType=kind,
            CacheControl=CACHE_CONTROL,
            ContentMD5=base64.b64encode(digest.digest()).decode(),
        )
        changed.append(key)
    for key in there.keys() - {key for key, _, _ in files}:
        if not key.startswith(WRITTEN):
            s3.delete_object(Bucket=bucket, Key=key)
            changed.append(key)
    return sorted(changed)


def exists(head, **arguments):
    try:
        head(**arguments)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchBucket", "NoSuchKey"):
            return False
        raise
    return True


def describe(cloudformation, name):
    """The stack, or None."""
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except botocore.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def apply(cloudformation, name, text, given):
    """Creates or updates the stack through a change set; returns its outputs."""
    stack = describe(cloudformation, name)
    if stack and stack["StackStatus"] == "ROLLBACK_COMPLETE":
        raise Problem(f"The first deployment of {name} failed and left nothing that works: run infra/destroy, then deploy again.")
    # A stack in review has never been made.
    update = bool(stack) and stack["StackStatus"] != "REVIEW_IN_PROGRESS"
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
    known = {p["ParameterKey"] for p in stack.get("Parameters", [])} if update else set()
    declared = json.loads(text)["Parameters"].keys()
    if unknown := given.keys() - declared:
        raise Problem(f"The template has no parameter {', '.join(sorted(unknown))}; it has {', '.join(sorted(declared))}.")
    parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted((known & declared) - given.keys())]
    change = f"deploy-{int(time.time())}"
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=change,
        ChangeSetType="UPDATE" if update else "CREATE",
        TemplateBody=text,
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    state = wait(lambda: cloudformation.describe_change_set(StackName=name, ChangeSetName=change), "Status", "_COMPLETE|FAILED")
    if state["Status"] == "FAILED":
        cloudformation.delete_change_set(StackName=name, ChangeSetName=change)
        reason = state.get("StatusReason", "")
        if "didn't contain changes" not in reason and "No updates" not in reason:
            raise Problem(f"CloudFormation refuses the change: {reason}")
        say("the stack is as it should be")
    else:
        for entry in state["Changes"]:
            resource = entry["ResourceChange"]
            say(f"{resource['Action'].lower():7} {resource['LogicalResourceId']} ({resource['ResourceType']})")
        cloudformation.execute_change_set(StackName=name, ChangeSetName=change)
        stack = wait(lambda: describe(cloudformation, name), "StackStatus", "_COMPLETE|_FAILED")
        if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise Problem(f"The stack is {stack['StackStatus']}: {first_failure(cloudformation, name)}")
    stack = describe(cloudformation, name)
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def wait(ask, field, end):
    """Asks until a field ends like this, with the seconds on the terminal."""
    started = time.monotonic()
    while True:
        answer = ask()
        if not answer or (re.search(f"({end})$", answer[field]) and "IN_PROGRESS" not in answer[field]):
            clear_line()
            return answer
        progress(f"{answer[field].lower().replace('_', ' ')} … {time.monotonic() - started:.0f} s")
        time.sleep(POLL_SECONDS)


def first_failure(cloudformation, name):
    events = cloudformation.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return f"{failed[-1]['LogicalResourceId']}: {failed[-1].get('ResourceStatusReason', '')}" if failed else "see the console"


def session(args):
    """A session with credentials that work, and the account's number."""
    session = boto3.Session(region_name=args.region)
    if not session.region_name:
        raise Problem("No region is set: add --region ap-northeast-1, or set AWS_REGION.")
    if session.region_name not in session.get_available_regions("lambda"):
        raise Problem(f"{session.region_name} is no region of Lambda: is it spelt right?")
    try:
        return session, session.client("sts").get_caller_identity()["Account"]
    except botocore.exceptions.NoCredentialsError:
        raise Problem("There are no AWS credentials: run `aws configure`, or set AWS_PROFILE or AWS_ACCESS_KEY_ID.") from None
    except botocore.exceptions.ClientError as error:
        raise Problem(f"AWS does not take the credentials: {error.response['Error']['Message']}") from None


def deploy(args):
    given = dict(parameter.split("=", 1) for parameter in args.parameter)
    given["Architecture"] = args.architecture
    files = page_files()
    if args.dry_run:
        return dry_run(args, given, files)
    aws, account = session(args)
    path = args.zip or package(args.architecture)
    s3, bucket = aws.client("s3"), f"{args.stack}-code-{account}"
    key = upload_code(s3, bucket, path, aws.region_name)
    say(f"code: {path.stat().st_size / 1e6:.1f} MB, s3://{bucket}/{key}")
    outputs = apply(aws.client("cloudformation"), args.stack, template_text(bucket, key), given)
    changed = upload_page(s3, outputs["SiteBucket"], addressed(files, outputs["SiteUrl"]))
    say(f"page: {len(changed)} of {len(files)} files changed")
    if changed:
        paths = ["/", *(f"/{key}" for key in changed)]
        aws.client("cloudfront").create_invalidation(
            DistributionId=outputs["SiteId"],
            InvalidationBatch={"Paths": {"Quantity": len(paths), "Items": paths}, "CallerReference": str(time.time())},
        )
    say("")
    print(outputs["SiteUrl"])


def dry_run(args, given, files):
    """What would happen, without asking AWS."""
    say(f"would build: {' '.join(build_command(args.architecture))}")
    say(f"would upload the code to s3://{args.stack}-code-<account>/<its hash>.zip")
    say(f"would create or update the stack {args.stack} with {', '.join(f'{k}={v}' for k, v in given.items())}:")
    for name, resource in json.loads(template_text("code", "code.zip"))["Resources"].items():
        say(f"  {name:22} {resource['Type']}")
    say("would upload the page, where it differs:")
    for key, kind, content in files:
        say(f"  {key:22} {len(content):7} bytes, {kind}, {CACHE_CONTROL}")
    say("would tell the CDN what changed, and print the site's address. Nothing was asked or changed at AWS.")


def destroy(args):
    aws, account = session(args)
    cloudformation, s3 = aws.client("cloudformation"), aws.client("s3")
    if not describe(cloudformation, args.stack):
        raise Problem(f"There is no stack {args.stack} in {aws.region_name}.")
    buckets = [f"{args.stack}-{kind}-{account}" for kind in ("uploads", "site", "code")]
    buckets = [bucket for bucket in buckets if exists(s3.head_bucket, Bucket=bucket)]
    for bucket in buckets:
        say(f"s3://{bucket} holds {sum(1 for _ in keys(s3, bucket))} objects")
    say(f"All of it goes, feedback and results included: type {args.stack} to go on.")
    if input("> ").strip() != args.stack:
        raise Problem("Nothing was deleted.")
    for bucket in buckets:
        batch = []
        for key in keys(s3, bucket):
            batch.append({"Key": key})
            if len(batch) == 1000:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
                batch = []
        if batch:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})
    cloudformation.delete_stack(StackName=args.stack)
    stack = wait(lambda: describe(cloudformation, args.stack), "StackStatus", "_COMPLETE|_FAILED")
    if stack and stack["StackStatus"] == "DELETE_FAILED":
        raise Problem(f"The stack could not be deleted: {first_failure(cloudformation, args.stack)}")
    if buckets and buckets[-1].endswith(f"-code-{account}"):
        s3.delete_bucket(Bucket=buckets[-1])
    say(f"{args.stack} is gone")


def keys(s3, bucket):
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        yield from (entry["Key"] for entry in page.get("Contents", []))


def say(line):
    print(line, file=sys.stderr, flush=True)


def progress(line):
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)


def clear_line():
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)


def arguments(argv):
    parser = argparse.ArgumentParser(prog="infra", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--stack", default="friends-judge", help="the stack's name [friends-judge]")
    common.add_argument("--region", help="the region [AWS_REGION, or the profile's]")
    command = commands.add_parser("deploy", parents=[common], help="build, create or update, upload the page")
    command.add_argument("--parameter", action="append", default=[], metavar="NAME=VALUE", help="a parameter of infra/template.yaml")
    command.add_argument("--architecture", choices=["arm64", "x86_64"], default="arm64", help="the function's processor [arm64]")
    command.add_argument("--zip", type=pathlib.Path, help="deploy this package instead of building one")
    command.add_argument("--dry-run", action="store_true", help="print what would happen, without asking AWS")
    command.set_defaults(run=deploy)
    command = commands.add_parser("destroy", parents=[common], help="delete everything, after asking")
    command.set_defaults(run=destroy)
    args = parser.parse_args(argv)
    if malformed := [p for p in getattr(args, "parameter", []) if not re.fullmatch(r"\w+=.*", p)]:
        parser.error(f"--parameter takes NAME=VALUE, not {malformed[0]!r}")
    return args


def main(argv=None):
    args = arguments(argv)
    try:
        args.run(args)
    except Problem as problem:
        sys.exit(f"infra: {problem}")
    except botocore.exceptions.EndpointConnectionError as error:
        sys.exit(f"infra: AWS cannot be reached: {error}")
    except botocore.exceptions.ClientError as error:
        sys.exit(f"infra: AWS refuses {error.operation_name}: {error.response['Error']['Message']}")
    except (KeyboardInterrupt, EOFError):
        sys.exit("\ninfra: stopped; what CloudFormation has begun it finishes. Run the command again.")


if __name__ == "__main__":
    main()
