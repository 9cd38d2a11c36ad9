"""What a set-up of WiLoR was asked for."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from ..core.audience import way_out
from ..core.errors import BadUsageError
from .accelerator import DEVICES, find_device


@dataclass(frozen=True)
class WilorPlan:
    """Where everything comes from; None: from the network."""

    device: str = "auto"
    wheels: Path | None = None  # a folder with a wheel of every package
    weights: Path | None = None  # a folder with the weights
    package: str | None = None  # wilor_mini: a folder of its source, a wheel or archive, or an address
    torch_index: str | None = None  # a package index, or a folder laid out as one, that has torch's build for the card
    offline: bool = False
    package_sha256: str | None = None  # the hash of its sources, where they are others than the reviewed ones
    torch_list: Path | None = None  # a list with hashes of another build of torch than the reviewed ones

    def checked(self) -> WilorPlan:
        """This plan with the device found and whole paths.

        Raises:
            BadUsageError: it cannot be followed.
        """
        for option, field, path in (
            ("--wheels", "Wheels for WiLoR", self.wheels),
            ("--weights", "WiLoR Weights", self.weights),
        ):
            if path is not None and not path.is_dir():
                named = way_out(f"{field} in the preferences", option)
                raise BadUsageError(f"{named}: {path} is no folder", "name the folder that holds the files")
        is_address = self.package is not None and "://" in self.package
        if self.torch_list is not None and not self.torch_list.is_file():
            raise BadUsageError(f"--torch-list {self.torch_list} is no file", "name a list of packages with their hashes")
        if self.package_sha256 is not None and not re.fullmatch("[0-9a-f]{64}", self.package_sha256):
            raise BadUsageError("--package-sha256 is no SHA-256", "give the 64 digits that the refusal names")
        if self.package is not None and not is_address and not Path(self.package).exists():
            raise BadUsageError(f"There is no {self.package}", "give --package a folder, a wheel or an address")
        if self.offline and self.wheels is None:
            raise BadUsageError(
                way_out("Blender may not go online, and the packages are not here", "--offline lacks the packages"),
                way_out("choose their folder under Wheels for WiLoR in the preferences", "give their folder with --wheels"),
            )
        if self.offline and is_address:
            raise BadUsageError("--offline does not go with an address", "give --package a folder or a wheel")
        if self.wheels is not None and self.torch_index is not None:
            raise BadUsageError("--wheels and --torch-index exclude each other", "put torch's wheel into the folder")
        device = find_device() if self.device == "auto" else self.device
        if sys.platform == "darwin" and device != "cpu":
            raise BadUsageError(
                f"There is no {device} on a Mac", way_out("choose another Device in the preferences", "leave --device away")
            )
        return WilorPlan(
            device,
            self.wheels.resolve() if self.wheels else None,
            self.weights.resolve() if self.weights else None,
            self.package if self.package is None or is_address else str(Path(self.package).resolve()),
            self.torch_index,
            self.offline,
            self.package_sha256,
            self.torch_list.resolve() if self.torch_list else None,
        )


def add_wilor_options(parser: argparse._ActionsContainer) -> None:
    """The options of a plan, for the front door and for the panel's job alike."""
    parser.add_argument("--device", choices=DEVICES, default="auto", help="what torch is installed for; auto: what is found")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels; no package is then looked for elsewhere")
    parser.add_argument(
        "--weights", type=Path, help="a folder with WiLoR's weights; they are compared, then linked or copied"
    )
    parser.add_argument("--package", help="wilor_mini: a folder of its source, a wheel, an archive or an address")
    parser.add_argument("--package-sha256", help="of a wilor_mini of your own: the hash that its refusal names")
    parser.add_argument("--torch-index", help="a package index that has the reviewed build of torch")
    parser.add_argument(
        "--torch-list", type=Path, help="a build of torch of your own: a list with hashes, as scripts/renew_pins.py makes it"
    )
    parser.add_argument("--offline", action="store_true", help="use no network; needs --wheels and, unless there, --weights")
    parser.add_argument("--accept-licences", action="store_true", help="agree to the licences that are shown, once for all")


def plan_of(options: argparse.Namespace) -> WilorPlan:
    return WilorPlan(
        options.device,
        options.wheels,
        options.weights,
        options.package,
        options.torch_index,
        options.offline,
        options.package_sha256,
        options.torch_list,
    ).checked()
