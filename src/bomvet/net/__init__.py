"""The network: the one place that opens connections.

`Client` asks many small questions at a time, `download` fetches one large file that may be resumed.  Both retry what
may pass (the network, 429, 5xx), obey bounds of size and time, verify certificates by the system's authorities, and
send no credentials that their URL does not hold.  `bind` puts the session of another library under such rules.
Whoever forbids the network makes no `Client`.
"""

from bomvet.net._client import Client
from bomvet.net._download import Downloaded, DownloadError, download
from bomvet.net._rules import USER_AGENT, Bounds
from bomvet.net._sessions import bind

__all__ = ["USER_AGENT", "Bounds", "Client", "DownloadError", "Downloaded", "bind", "download"]
