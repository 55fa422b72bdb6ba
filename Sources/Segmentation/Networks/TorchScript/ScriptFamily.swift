// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFamily {
  /// Modules that bring their program along; `NetworkFile` loads them, for they are no weights alone.
  static let torchScript = NetworkFamily(
    name: ScriptedNetwork.family, normalisation: .imageNet, canHaveAuxiliary: false,
    recognise: { _ in nil }, recogniseBody: { _ in nil },
    build: { _, _ in fatalError("no weights are recognised as a module's") },
    make: { _ in
      throw Problem(
        "cannot make the network", at: ScriptedNetwork.family,
        because: "a TorchScript module is made in Python", remedy: "name its file with --weights")
    },
    describe: { _, variant in try ScriptSettings(variant).text })
}
