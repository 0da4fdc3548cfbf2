"""The contenders for files: nginx, vsftpd and an rsync daemon, each on a directory that Portico serves too.

Each is set up for speed, as its manual advises, and runs as whoever measures: the same user for all, no
logs, one port on the loopback. None of them syncs an upload to the disk unless it is told to.
"""

import contextlib
import os
import pwd
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from bench.errors import BenchError
from bench.processes import Process, free_port
from bench.servers import HOST, Server, ended, new_home, tool

NGINX = """
daemon off;
{user}
worker_processes auto;
pid {home}/pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000000;
  client_max_body_size 0;
  client_body_buffer_size 1m;
  client_body_temp_path {root}/.nginx;
  proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi; scgi_temp_path {home}/scgi;
  server {{
    listen {host}:{port};
    root {root};
    dav_methods PUT DELETE;
    create_full_put_path on;
  }}
}}
"""

VSFTPD = """
listen=YES
listen_address={host}
listen_port={port}
background=NO
run_as_launching_user=YES
ftp_username={user}
anonymous_enable=YES
no_anon_password=YES
local_enable=NO
anon_root={root}
anon_umask=022
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
pasv_enable=YES
connect_from_port_20=NO
xferlog_enable=NO
seccomp_sandbox=NO
secure_chroot_dir={home}
"""

RSYNCD = """
use chroot = no
address = {host}
port = {port}
max connections = 0
[tree]
  path = {root}
  read only = no
  list = no
{user}
"""


@contextlib.contextmanager
def nginx(scratch: Path, root: Path) -> Iterator[Server]:
    """A worker for each core, with sendfile; PUT writes beside its target and renames."""
    user = "user root;" if os.geteuid() == 0 else ""
    with _launched("nginx", scratch, root, NGINX, user, "-e", "stderr", "-c") as server:
        yield server


@contextlib.contextmanager
def vsftpd(scratch: Path, root: Path) -> Iterator[Server]:
    """Anonymous, binary, passive; a process for each connection."""
    user = pwd.getpwuid(os.geteuid()).pw_name
    with _launched("vsftpd", scratch, root, VSFTPD, user) as server:
        yield server


@contextlib.contextmanager
def rsyncd(scratch: Path, root: Path) -> Iterator[Server]:
    """A daemon with one module, `tree`; a process for each connection, no encryption."""
    user = "  uid = 0\n  gid = 0" if os.geteuid() == 0 else ""
    flags = ("--daemon", "--no-detach", "--log-file=/dev/null", "--config")
    with _launched("rsync", scratch, root, RSYNCD, user, *flags) as server:
        yield server


@contextlib.contextmanager
def present(
    launch: Callable[[Path, Path], AbstractContextManager[Server]], *where: Path
) -> Iterator[Server | str]:
    """The contender, or the sentence that says what to install: the others are measured without it."""
    with contextlib.ExitStack() as stack:
        try:
            server: Server | str = stack.enter_context(launch(*where))
        except BenchError as missing:
            server = str(missing)
        yield server


@contextlib.contextmanager
def _launched(
    name: str, scratch: Path, root: Path, configuration: str, user: str, *flags: str
) -> Iterator[Server]:
    program, home, port = tool(name), new_home(scratch.resolve(), f"{name}-"), free_port()
    file = home / "configuration"
    file.write_text(configuration.format(home=home, root=root.resolve(), host=HOST, port=port, user=user))
    server = Server(Process(name, [program, *flags, str(file)], home / "output"), port)
    with ended(server):
        server.process.wait_to_listen(HOST, port)
        yield server
