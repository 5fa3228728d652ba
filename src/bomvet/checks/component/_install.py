"""What happens when a component is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bomvet.model.inventory import Component


def runs_code(component: Component) -> str:
    """Why installing it runs code of the package, as far as the lock tells; empty where it does not."""
    if any(name == "bomvet:install-script" for name, _ in component.properties):
        return "it has an install script"
    files = component.distributions
    if component.purl.startswith("pkg:pypi/") and files and all(file.source for file in files):
        return "it comes as source alone, which runs its own code when it is built"
    return ""
