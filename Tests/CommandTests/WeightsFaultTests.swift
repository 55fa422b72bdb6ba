// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A Python with torch; without it these are skipped.
private let python = ProcessInfo.processInfo.environment["IAPC_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }

/// Files that only PyTorch writes.
@Suite(.enabled(if: python != nil, "set IAPC_PYTHON to a Python with torch")) struct PythonWeightsTests {
  private func run(_ script: String) throws {
    let outcome = try Command(["-c", script], program: python).outcome()
    try #require(outcome.status == 0, "\(outcome.errors)")
  }

  @Test("Quantized weights are called so, in each form that PyTorch writes")
  func quantized() throws {
    try withTemporaryFolder { folder in
      let (zip, old) = (folder.path("zip.pth"), folder.path("old.pth"))
      let other = folder.path("complex.pth")
      try run(
        """
        import torch
        w = torch.quantize_per_tensor(torch.randn(4, 3), 0.1, 0, torch.qint8)
        c = torch.quantize_per_channel(torch.randn(2, 3), torch.ones(2), torch.zeros(2), 0, torch.quint8)
        torch.save({"conv.weight": w, "other.weight": c, "conv.bias": torch.zeros(4)}, "\(zip)")
        torch.save({"conv.weight": w}, "\(old)", _use_new_zipfile_serialization=False)
        torch.save({"conv.weight": torch.zeros(3, dtype=torch.complex64)}, "\(other)")
        """)
      for path in [zip, old] {
        try expectError(
          ["inspect", path], saying: "its weights are quantized (QInt8Storage)",
          "from before they were quantized")
      }
      try expectError(["inspect", other], saying: "of a type that iapc does not know (ComplexFloatStorage)")
    }
  }
}
