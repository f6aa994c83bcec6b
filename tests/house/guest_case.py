# SPDX-License-Identifier: Apache-2.0
"""A test of the program with the real guest. Needs the guest image; ./test names it in REMAPSTORM_IMAGE_STD."""
import os
import tempfile

from program import ProgramCase


class GuestCase(ProgramCase):
    cache = None  # one boot of each guest for all tests of a file

    def setUp(self):
        super().setUp()
        image = os.environ.get("REMAPSTORM_IMAGE_STD")
        self.assertTrue(image, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it")
        self.environment["REMAPSTORM_IMAGE_STD"] = image
        GuestCase.cache = GuestCase.cache or tempfile.TemporaryDirectory(prefix="remapstorm-cache-")
        self.environment["REMAPSTORM_CACHE"] = GuestCase.cache.name
        self.output = self.folder / "out"
