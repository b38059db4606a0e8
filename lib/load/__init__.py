"""Load test: many concurrent clients, each of which repeats the journey of a service."""

import os

# Otherwise Locust patches the sockets and threads of the whole process, which its HTTP client does not need.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
