"""Registry of services: lazy imports and faulty packages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from pulumi.runtime.settings import SETTINGS

from lib import services
from lib.cli import options
from lib.model import ServiceFactory
from lib.services import BUILT_IN, SERVICES, ServiceError, load, load_reference, loadable, names

FACTORY = """
from lib.model import ServiceFactory
from tests.support.builders import a_service
FACTORY = ServiceFactory(name="{}", build=lambda _settings: a_service(name="{}"))
"""
Install = Callable[..., None]


@pytest.fixture(name="install")
def an_installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Return a function that puts a distribution with one module and one entry point on the module search path."""

    def install(distribution: str, service: str, module: str, code: str) -> None:
        folder = tmp_path / distribution
        info = folder / f"{distribution}-1.2.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Name: {distribution}\nVersion: 1.2\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[{services.GROUP}]\n{service} = {module}:FACTORY\n", encoding="utf-8")
        (folder / f"{module}.py").write_text(code, encoding="utf-8")
        monkeypatch.syspath_prepend(folder)
        modules.add(module)
        services.registered.cache_clear()

    modules: set[str] = set()
    loaded = {**services.LOADED}
    yield install
    services.registered.cache_clear()
    services.REFERENCED.clear()
    services.LOADED.clear()
    services.LOADED.update(loaded)
    for module in modules & sys.modules.keys():
        del sys.modules[module]


def test_names_of_built_in_services_come_first(install: Install) -> None:
    assert names() == (*SERVICES,) == BUILT_IN
    install("b-dist", "barn", "registered_barn", "raise AssertionError('imported')")
    assert names() == (*BUILT_IN, "barn")
    assert len(SERVICES) == len(BUILT_IN) + 1


def test_service_of_another_distribution_is_loaded(install: Install) -> None:
    install("yard-dist", "yard", "registered_yard", FACTORY.format("yard", "yard"))
    assert isinstance(load("yard"), ServiceFactory)
    assert load("yard") is load("yard")
    assert SERVICES["yard"].name == "yard"
    assert "yard" in SERVICES


def test_settings_are_passed_to_the_factory() -> None:
    factory = load("stock")
    assert factory.settings
    assert factory.build(factory.settings()) == factory.default == SERVICES["stock"]


def test_unknown_service_is_an_error() -> None:
    with pytest.raises(ServiceError, match=r"^service must be one of items, inventory, stock, got 'shop'\.$"):
        load("shop")
    with pytest.raises(KeyError):
        _ = SERVICES["shop"]
    assert SERVICES.get("shop") is None


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import missing_package",
            "service 'yard' cannot be loaded: entry point 'faulty:FACTORY' of distribution yard-dist 1.2 raised "
            "ModuleNotFoundError: No module named 'missing_package'. Correct or uninstall that distribution.",
        ),
        (
            "FACTORY = 'yard'",
            "service 'yard': entry point 'faulty:FACTORY' of distribution yard-dist 1.2 must be a ServiceFactory, "
            "got str.",
        ),
        (
            FACTORY.format("barn", "yard"),
            "service 'yard': entry point 'faulty:FACTORY' of distribution yard-dist 1.2 must create a service with "
            "this name, got 'barn'. Rename the service or the entry point.",
        ),
        (
            FACTORY.format("yard", "barn"),
            "service 'yard': entry point 'faulty:FACTORY' of distribution yard-dist 1.2 must create a service with "
            "this name, got 'barn'. Rename the service or the entry point.",
        ),
    ],
)
def test_faulty_distribution_breaks_only_its_own_service(install: Install, code: str, message: str) -> None:
    install("yard-dist", "yard", "faulty", code)
    with pytest.raises(ServiceError) as raised:
        load("yard")
    assert str(raised.value) == message
    assert [factory.name for factory in loadable()] == [*BUILT_IN]
    with pytest.raises(click.ClickException) as reported:
        options.ServiceChoice(names()).convert("yard", None, None)
    assert (reported.value.message, reported.value.exit_code) == (message, 1)


def test_name_that_two_distributions_register_is_rejected(install: Install) -> None:
    install("b-dist", "yard", "registered_b", FACTORY.format("yard", "yard"))
    install("a-dist", "yard", "registered_a", FACTORY.format("yard", "yard"))
    install("c-dist", "items", "registered_c", FACTORY.format("items", "items"))
    services.LOADED.clear()
    with pytest.raises(ServiceError) as raised:
        load("yard")
    assert str(raised.value) == (
        "service 'yard' must be registered by one distribution, got distribution a-dist 1.2, distribution b-dist 1.2. "
        "Uninstall the others, or rename their services."
    )
    with pytest.raises(ServiceError, match=r"^service 'items' must .*got tap-stack \(built in\), distribution c-dist "):
        load("items")
    assert load("stock").name == "stock"


IMPORTED = """
import sys
from pathlib import Path
from lib.program import project
from lib.program.recorder import record_file
record_file(Path("tap.py"), project.config(project.read(Path()), "dev", sys.argv[1]))
print(sorted({name.split(".")[2] for name in sys.modules if name.startswith(("lib.services.", "tap_stack.services."))}))
"""


@pytest.mark.slow
def test_program_imports_only_the_service_that_it_deploys() -> None:
    process = subprocess.run([sys.executable, "-c", IMPORTED, "stock"], capture_output=True, text=True, check=False)
    assert (process.stderr, process.stdout.strip()) == ("", str(["stock", "tags"]))


@pytest.fixture(name="definition")
def definition_fixture(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that writes a module into the current folder, and returns its name."""
    install("unused-dist", "unused", "registered_unused", "")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def write(code: str) -> str:
        module = f"definition_{len(list(folder.iterdir()))}_{tmp_path.name}".replace("-", "_")
        (folder / f"{module}.py").write_text(f"from tests.support.builders import a_service\n{code}", encoding="utf-8")
        return module

    return write


def test_service_in_a_module_of_the_current_folder_is_found_by_its_name(definition: Callable[[str], str]) -> None:
    module = definition("SERVICE = a_service(name='barn')")
    choice = options.ServiceChoice(names())
    assert choice.convert(f"{module}:SERVICE", None, None) == "barn"
    assert load("barn").default is SERVICES["barn"] is sys.modules[module].SERVICE
    assert names() == (*BUILT_IN, "barn", "unused")


def test_factory_can_be_referenced_again(definition: Callable[[str], str]) -> None:
    module = definition(FACTORY.format("yard", "yard"))
    assert load_reference(f"{module}:FACTORY") is load_reference(f"{module}:FACTORY") is load("yard")


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("SERVICE", "must not have the name of another service, got 'items'. Rename it."),
        ("OTHER", "must not have the name of another service, got 'unused'. Rename it."),
        ("TEXT", "must be a Service or a ServiceFactory, got str."),
        ("NONE", "cannot be loaded: AttributeError: module .* has no attribute 'NONE'. Correct it."),
        ("a:b", "service must be a name or module:attribute, got '.*:a:b'."),
    ],
)
def test_invalid_reference_is_rejected(definition: Callable[[str], str], attribute: str, message: str) -> None:
    module = definition("SERVICE, OTHER, TEXT = a_service(name='items'), a_service(name='unused'), 'text'")
    with pytest.raises(ServiceError, match=message):
        load_reference(f"{module}:{attribute}")


def test_referenced_module_that_creates_resources_is_rejected(
    definition: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SETTINGS, "monitor", None)  # of an earlier test
    module = definition("from lib.tap_stack import TapStack\nTapStack('yard')")
    message = rf"{module}\.py:3: TapStack 'yard' must be created by a Pulumi program, got no engine\. Move it from "
    with pytest.raises(ServiceError, match=message):
        load_reference(f"{module}:SERVICE")


def test_error_of_a_referenced_module_names_the_reference(definition: Callable[[str], str]) -> None:
    module = definition("1 / 0")
    message = rf"service '{module}:SERVICE' cannot be loaded: {module}\.py:2: ZeroDivisionError: division by zero\. "
    with pytest.raises(click.ClickException, match=message):
        options.SERVICE.convert(f"{module}:SERVICE", None, None)
