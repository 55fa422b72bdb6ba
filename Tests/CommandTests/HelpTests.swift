// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct HelpTests {
  @Test(
    "Every command explains itself with an example",
    arguments: [
      ["adapt"], ["train"], ["evaluate"], ["predict"], ["pseudo-label"], ["inspect"], ["convert"],
      ["export"], ["compare"], ["data", "streets"], ["report"], ["step"], ["doctor"], ["select"],
    ])
  func helpOfCommand(_ command: [String]) throws {
    let outcome = try iapc(command + ["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.errors == "")
    #expect(outcome.output.contains("Example"))
    #expect(outcome.output.contains("  iapc \(command.joined(separator: " "))"))
  }

  @Test("data explains its own commands with an example")
  func helpOfData() throws {
    let outcome = try iapc("data", "--help")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("iapc data streets "))
  }

  @Test("Without arguments the program shows its help and an example")
  func noArguments() throws {
    let outcome = try iapc([])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("iapc adapt --weights"))
    #expect(outcome.output.contains("SUBCOMMANDS"))
  }

  @Test(
    "An unknown command or option is a usage error",
    arguments: [["adopt"], ["adapt", "--wieghts", "x"], ["adapt"]])
  func usage(_ arguments: [String]) throws {
    let outcome = try iapc(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("Error: "))
  }

  @Test("doctor says what the machine offers")
  func doctor() throws {
    let outcome = try iapc("doctor")
    #expect(outcome.status == 0)
    for word in ["libtorch", "processor", "threads", "memory", "cuda"] {
      #expect(outcome.output.contains("\(word) "))
    }
  }
}
