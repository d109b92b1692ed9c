"""Settings of Jupyter where Kubeflow's notebook controller runs the server."""

from jupyter_server.auth import User
from jupyter_server.auth.identity import PasswordIdentityProvider
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from traitlets.config import get_config


class IdleCheckProvider(PasswordIdentityProvider):
    """Lets anyone who reaches the server ask which kernels are busy, and nothing else without the token.

    The controller asks so, without a token, and stops a server that does not tell as if it were idle
    (components/notebook-controller/controllers/culling_controller.go, 1.10). Network policies say who reaches it.
    """

    async def _get_user(self, handler: JupyterHandler) -> User | None:
        user = await super()._get_user(handler)
        kernels = url_path_join(handler.base_url, "api", "kernels")
        if user is None and handler.request.method == "GET" and handler.request.path == kernels:
            return User("notebook-controller")
        return user


get_config().ServerApp.identity_provider_class = IdleCheckProvider
