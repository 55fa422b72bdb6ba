// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Command lines as they are typed by mistake or out of habit: the right name is told, and nothing ends with status 0.
@Suite struct UsageTests {
  private func expectUsage(
    _ line: String, saying words: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try iapc(line.split(separator: " ").map(String.init))
    #expect(
      outcome.status == 64 && outcome.exited, "\(line): \(outcome.status)", sourceLocation: sourceLocation)
    #expect(outcome.output == "", sourceLocation: sourceLocation)
    #expect(outcome.errorLines.first?.hasPrefix("Error: ") == true, sourceLocation: sourceLocation)
    for word in words {
      #expect(
        outcome.errorLines.first?.contains(word) == true, "\(line): \(outcome.errors)",
        sourceLocation: sourceLocation)
    }
  }

  @Test(
    "One dash before a long name is told of, letters that mean help among it or not",
    arguments: [
      ("predict -weights w.pth --images i --output o", "'-weights': a long name takes two dashes: --weights"),
      ("predict --weights w.pth -images i --output o", "--images"),
      ("adapt -weights=w.pth", "two dashes: --weights"), ("adapt -learning-rate 3", "--learning-rate"),
      ("evaluate -batch_statistics", "--batch-statistics"), ("adapt -lr 0.1", "'--learning-rate'"),
      ("export -weights w", "--weights"), ("data streets -count 3 --output o", "--count"),
      ("inspect -wieghts w", "'--weights'"), ("adapt -hx", "'-hx'"), ("adapt -o runs/a", "'--output'"),
      ("train -steps -1", "--steps"),
    ])
  func singleDash(_ line: String, _ words: String) throws { try expectUsage(line, saying: [words]) }

  @Test(
    "A misspelt command is named, with the nearest, whatever follows it",
    arguments: [
      ("pedict --weights w.pth", "'pedict': the nearest is 'predict'"), ("adpt", "'adapt'"),
      ("evalute --help", "'evaluate'"), ("eval --weights w", "'evaluate'"), ("help pedict", "'predict'"),
      ("data stretes --count 1", "'streets'"), ("benchmark stpe", "'step'"), ("infer x", "'predict'"),
      ("pseudo_label", "'pseudo-label'"), ("frobnicate", "there are adapt, compare"),
      ("Predict --weights w", "'predict'"),
    ])
  func commands(_ line: String, _ words: String) throws {
    try expectUsage(line, saying: ["Unknown command", words])
  }

  @Test(
    "Names of other programs lead to ours",
    arguments: [
      ("adapt --lr 0.1", "'--learning-rate'"), ("adapt --epochs 3", "'--steps'"),
      ("adapt --epochs=3", "in updates, not in epochs"), ("train --bs 4", "'--batch'"),
      ("adapt --batch-size 4", "'--batch'"), ("adapt --out runs/a", "'--output'"),
      ("predict --ckpt w.pth", "'--weights'"), ("evaluate --checkpoint w.pth", "'--weights'"),
      ("predict --model w.pth", "--network the family"), ("adapt --gpu 0", "'--device'"),
      ("adapt --data-dir d", "'--images'"), ("adapt --workers 4", "'--set runtime.workers=VALUE'"),
      ("predict --num-workers 4", "'--threads'"), ("adapt --num-classes 11", "'--classes'"),
      ("predict --img-size 640", "'--size'"), ("adapt --img_size 640", "'--size'"),
      ("adapt --learning_rate 3", "'--learning-rate'"), ("adapt --learningRate 3", "'--learning-rate'"),
      ("adapt --wd 0.1", "'--set optimizer.weight_decay=VALUE'"),
      ("adapt --momentum 0.9", "--set optimizer.momentum=VALUE"),
      ("train --optim sgd", "'--optimizer'"), ("adapt --optimizer sgd", "--set optimizer.name=VALUE"),
      ("adapt --fp16", "'--precision'"), ("train --random-seed 3", "'--seed'"),
      ("adapt --wieghts w", "'--weights'"), ("adapt --resume-from r", "'--resume'"),
      ("evaluate --gt labels", "'--labels'"), ("compare --out o -- --lr 3", "'--output'"),
      ("adapt --nonsense 3", "`iapc adapt --help`"), ("--weights w predict", "after a command"),
      ("adapt --cfg a.yaml", "'--config'"), ("adapt --iters 5", "'--steps'"),
    ])
  func synonyms(_ line: String, _ words: String) throws {
    try expectUsage(line, saying: ["Unknown option", words])
  }

  @Test("No command proposes an option that it does not have")
  func proposals() throws {
    for command in ["adapt", "train", "evaluate", "predict", "export", "select", "inspect", "report"] {
      let help = try iapc(command, "--help").output
      for name in [
        "lr", "epochs", "bs", "out", "ckpt", "gpu", "data-dir", "model", "workers", "img-size", "tta",
      ] {
        let said = try iapc(command, "--\(name)", "3")
        let first = said.errorLines.first ?? ""
        // Where the name is one of the command's own.
        guard first.contains("Unknown option") else { continue }
        #expect(said.status == 64)
        for proposal in first.split(separator: "Unknown option '--\(name)'").last.map({
          $0.matches(of: /--([a-z-]+)/)
        }) ?? [] {
          #expect(help.contains("--\(proposal.output.1)"), "\(command) --\(name): \(first)")
        }
      }
    }
  }

  @Test(
    "A number below 0 is the value of the option before it, and refused as such",
    arguments: [
      (["adapt", "--batch", "-1"], ["batch", "-1", "at least 1"]),
      (["adapt", "--steps", "-3"], ["steps", "-3", "at least 1"]),
      (["adapt", "--learning-rate", "-1e-3"], ["optimizer.learning_rate", "above 0"]),
      (["adapt", "--learning-rate", "-.5"], ["optimizer.learning_rate", "above 0"]),
      (["adapt", "--seed", "-1"], ["seed", "\"-1\"", "at least 0"]),
      (["adapt", "--size", "-64x48"], ["size", "-64x48", "WIDTHxHEIGHT"]),
      (["adapt", "--threads", "-2"], ["threads", "-2", "0 to 1024"]),
      (["adapt", "--set", "loss_weights.im=-1"], ["weights", "none below 0"]),
      (["predict", "--opacity", "-0.5"], ["--opacity", "0 to 1", "-0.5"]),
      (["predict", "--size", "-64x48"], ["--size", "-64x48"]),
      (["adapt", "--processes", "-2"], ["--processes", "1 to 1024"]),
    ])
  func negative(_ options: [String], _ words: [String]) throws {
    let outcome = try iapc(options + ["--weights", "w", "--images", "i", "--output", "o"])
    #expect([1, 64].contains(outcome.status) && outcome.output == "")
    #expect(!outcome.errors.contains("issing"), "\(outcome.errors)")
    for word in words { #expect(outcome.errorLines.first?.contains(word) == true, "\(outcome.errors)") }
  }

  @Test("Numbers below 0 in a config file are told of as on the command line")
  func negativeInFile() throws {
    try withTemporaryFolder { folder in
      let config = try folder.file("c.yaml", Array("opacity: -0.5\n".utf8))
      let outcome = try iapc(
        "predict", "--weights", "w", "--images", "i", "--output", "o", "--config", config)
      #expect(outcome.status == 64)
      #expect(outcome.errors.contains("--opacity must be in 0 to 1, got -0.5"), "\(outcome.errors)")
    }
  }

  @Test("A group of commands without one of them says which there are", arguments: ["data", "benchmark"])
  func group(_ name: String) throws {
    try expectUsage(name, saying: ["Missing a command after '\(name)'"])
    #expect(try iapc(name, "--help").status == 0)
  }

  @Test(
    "Help is shown where it is asked for",
    arguments: [
      "--help", "-h", "help", "help adapt", "adapt -h", "adapt --lr 3 --help", "--version", "help data",
    ])
  func help(_ line: String) throws {
    let outcome = try iapc(line.split(separator: " ").map(String.init))
    #expect(outcome.status == 0 && outcome.errors == "" && outcome.output != "")
  }

  @Test("A missing argument is told of with the command's own usage")
  func missing() throws {
    let outcome = try iapc("adapt")
    #expect(outcome.status == 64)
    #expect(outcome.errors.contains("Missing expected argument '--weights'"))
    #expect(outcome.errors.contains("iapc adapt --help"), "\(outcome.errors)")
  }
}
