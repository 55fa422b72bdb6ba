// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What bash offers after some words, the last of them begun.
private func offered(after words: [String], in folder: ScratchFolder) throws -> Set<String> {
  let script = try folder.file(
    "completions", Array(iapc("--generate-completion-script", "bash").output.utf8))
  let ask = """
    source "$0"
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
    _iapc iapc "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
    printf '%s\\n' "${COMPREPLY[@]}"
    """
  let bash = try Command(
    ["-c", ask, script, "iapc"] + words, program: "/bin/bash", folder: folder.path("."))
  let outcome = try bash.outcome()
  #expect(outcome.errors == "")
  return Set(outcome.output.split(separator: "\n").map(String.init))
}

/// The first of the places where a program is.
private func program(_ name: String) -> String? {
  ["/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map { "\($0)/\(name)" }
    .first(where: FileManager.default.isExecutableFile)
}

@Suite struct CompletionTests {
  @Test(
    "bash completes commands, options and the names that options take",
    arguments: [
      (["ad"], ["adapt"]),
      (["data", "st"], ["streets"]),
      (["adapt", "--wei"], ["--weights"]),
      (["adapt", "--profile", "re"], ["recommended", "reference"]),
      (["train", "--network", "esp"], ["espnet", "espnetv2"]),
      (["evaluate", "--label-space", "cam"], ["camvid11"]),
      (["evaluate", "--dataset", "gt"], ["gta5"]),
      (["select", "--statistics", "t"], ["target"]),
      (["data", "streets", "--domain", "d"], ["dusk"]),
    ])
  func names(_ words: [String], _ expected: [String]) throws {
    #expect(try offered(after: words, in: ScratchFolder()) == Set(expected))
  }

  @Test("bash completes weights by their endings, and folders where folders are meant")
  func files() throws {
    let folder = try ScratchFolder()
    for name in ["source.pth", "source.txt"] { _ = try folder.file(name, []) }
    try FileManager.default.createDirectory(atPath: folder.path("sources"), withIntermediateDirectories: true)
    #expect(try offered(after: ["adapt", "--weights", "sou"], in: folder) == ["source.pth", "sources"])
    #expect(try offered(after: ["adapt", "--output", "sou"], in: folder) == ["sources"])
  }

  @Test("The other shells can read their scripts", arguments: ["zsh", "fish"])
  func syntax(_ shell: String) throws {
    guard let shell = (program(shell).map { (name: shell, path: $0) }) else {
      print("SKIPPED: no \(shell) to read its completions")
      return
    }
    let output = try iapc("--generate-completion-script", shell.name).output
    try withTemporaryFolder { folder in
      let script = try folder.file("completions", Array(output.utf8))
      let outcome = try Command(["-n", script], program: shell.path).outcome()
      #expect(outcome.status == 0)
      #expect(outcome.errors == "")
    }
  }
}
