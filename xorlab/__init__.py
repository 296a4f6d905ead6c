"""xorlab: a convergence laboratory for small neural networks.

Sweep seeds and settings, track every run, and learn how often a setting learns and how fast.
The public names are listed in ``__init__.pyi``; each is imported when it is first used, because
MLflow alone takes seconds to import. So is the reader of the list, which commands do not need.
"""


def __getattr__(name: str) -> object:
    import lazy_loader

    attribute, _, names = lazy_loader.attach_stub(__name__, __file__)
    return names if name == "__all__" else attribute(name)


def __dir__() -> list[str]:
    import lazy_loader

    _, names, _ = lazy_loader.attach_stub(__name__, __file__)
    return list(names())
