"""skorch's NeuralNetClassifier."""

from __future__ import annotations

from skorch import NeuralNetClassifier

from .problems import PROBLEMS
from .turns import Record
from .with_torch import count_values, set_up


def fit(network: str, n_samples: int) -> Record:
    """Train with the defaults, but shuffled and without a validation split."""
    setup, problem = set_up(network, n_samples), PROBLEMS[network]
    net = NeuralNetClassifier(
        setup.module,
        criterion=setup.criterion,
        optimizer=setup.optimizer,
        **{f"optimizer__{name}": value for name, value in setup.optimizer_options.items()},
        batch_size=problem.batch_size,
        max_epochs=1 + problem.n_epochs,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    net.fit(setup.X, setup.y)
    return {"seconds": net.history[1:, "dur"], "n_values": count_values(net.module_)}
