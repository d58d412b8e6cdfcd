"""Pass fit parameters on to the estimators inside another, as scikit-learn's meta-estimators do."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metadata_routing import _routing_enabled as routing_is_enabled

__all__ = ["params_of_fit", "router", "routing_is_enabled"]


def router(owner: BaseEstimator, **estimators: Any) -> MetadataRouter:
    """Return the requests of an estimator itself and, for its `fit`, of those inside it."""
    routes = MetadataRouter(owner=owner).add_self_request(owner)
    mapping = MethodMapping().add(caller="fit", callee="fit")
    return routes.add(method_mapping=mapping, **estimators)


def params_of_fit(
    owner: BaseEstimator, fit_params: dict[str, Any], names: list[str]
) -> dict[str, dict[str, Any]]:
    """Return what each estimator inside takes; without routing, all take everything.

    With routing, raises for a parameter that no estimator requests, or that one is silent on.
    """
    if not routing_is_enabled():
        return dict.fromkeys(names, fit_params)
    routed = process_routing(owner, "fit", **fit_params)
    return {name: dict(routed[name]["fit"]) for name in names}
