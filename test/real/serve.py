"""Keystone's own WSGI application on loopback. One line a request on stdout; ends with the process that started it."""

import os
import sys
import threading

# Keystone reads the command line too and would not know the port.
port = int(sys.argv.pop())

from keystone.common.rbac_enforcer.enforcer import RBACEnforcer
from keystone.wsgi.api import application
from werkzeug.serving import WSGIRequestHandler, make_server


class Handler(WSGIRequestHandler):
    def log_request(self, code="-", size="-"):
        print("request", self.command, self.path, int(code), flush=True)


def end_with_parent():
    sys.stdin.read()
    os._exit(0)


# Left to the first request, this fails where two come at once: the one meets the half of it that the other has done.
RBACEnforcer()._enforcer.load_rules()
threading.Thread(target=end_with_parent, daemon=True).start()
server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Handler)
print("listens on", server.server_port, flush=True)
server.serve_forever()
