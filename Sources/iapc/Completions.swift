// SPDX-License-Identifier: Apache-2.0

import Adaptation
import ArgumentParser
import Segmentation
import Streets

/// What shells offer for the options whose texts are names, files or folders.
extension CompletionKind {
  static var weights: CompletionKind { .file(extensions: ["pth", "safetensors", "pt", "tar", "bin"]) }
  static var yaml: CompletionKind { .file(extensions: ["yaml", "yml"]) }
  static var devices: CompletionKind { .list(["auto", "cpu", "cuda"]) }
  static var families: CompletionKind { .list(NetworkFamily.all.map(\.name)) }
  static var labelSpaces: CompletionKind { .list(LabelSpace.known.map(\.name)) }
  static var normalisations: CompletionKind { .list(Normalisation.known.map(\.name)) }
  static var dialects: CompletionKind { .list(NetworkFile.dialects) }
  static var dataSets: CompletionKind { .list(DataSet.known.map(\.name)) }
  static var classSets: CompletionKind { .list(ClassSet.known.map(\.name)) }
  static var protocols: CompletionKind { .list(EvaluationProtocol.known.map(\.name)) }
  static var domains: CompletionKind { .list(StreetDomain.all.map(\.name)) }

  /// The names of a setting's choices.
  static func choices<Choice: SettingChoice>(of: Choice.Type) -> CompletionKind {
    .list(Choice.allCases.map(\.rawValue))
  }
}
