"""The Lambda runtime API (2018-06-01) around one process of the real program: four routes, one event at a time."""

import contextlib
import http.server
import json
import os
import queue
import subprocess
import threading
import time


class Function:
    """A started function; `invoke` sends an event, or its JSON as bytes, and returns the answer."""

    def __init__(self, events, answers, process):
        self.events, self.answers, self.process = events, answers, process

    def invoke(self, event):
        self.events.put(event)
        kind, answer = self.answers.get(timeout=60)
        assert kind == "response", answer
        return answer


@contextlib.contextmanager
def function(command, environment):
    """Runs the program with these variables and nothing else in its environment until the block ends."""
    events, answers = queue.Queue(), queue.Queue()

    class Routes(http.server.BaseHTTPRequestHandler):
        # Otherwise a body may wait for the header's acknowledgement, 40 ms.
        disable_nagle_algorithm = True

        def do_GET(self):
            event = events.get()
            body = event if isinstance(event, bytes) else json.dumps(event).encode()
            self.send_response(200)
            self.send_header("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd")
            self.send_header("lambda-runtime-deadline-ms", str(int(time.time() * 1000) + 30_000))
            self.send_header("lambda-runtime-invoked-function-arn", "arn:aws:lambda:us-east-1:123456789012:function:friends")
            self.send_header("lambda-runtime-trace-id", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0")
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            if not body:
                # The program streams its answers.
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            answers.put((self.path.rsplit("/", 1)[1], json.loads(body)))
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_):
            """The program is killed in the middle of a request: that is no error."""

    Routes.protocol_version = "HTTP/1.1"
    api = Server(("127.0.0.1", 0), Routes)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    names = {"FUNCTION_NAME": "friends", "FUNCTION_VERSION": "1", "FUNCTION_MEMORY_SIZE": "1769"}
    names |= {"LOG_GROUP_NAME": "group", "LOG_STREAM_NAME": "stream"}
    lambda_environment = {f"AWS_LAMBDA_{name}": value for name, value in names.items()}
    lambda_environment["AWS_LAMBDA_RUNTIME_API"] = f"127.0.0.1:{api.server_port}"
    environment = {"PATH": os.environ["PATH"], **lambda_environment, **environment}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield Function(events, answers, process)
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()
