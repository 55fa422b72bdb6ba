// SPDX-License-Identifier: Apache-2.0

import Adaptation

extension RunObserver {
  /// An observer that also tells programs of the run: what it needs, its steps, scores and checkpoints.
  var tellingPrograms: RunObserver {
    var observer = self
    observer.plan = { plan in
      EventLog.tell(
        "plan",
        [
          "steps": .whole(plan.work.steps), "seconds": .number(plan.seconds),
          "memory_bytes": .whole(plan.memory),
          "checkpoint_every": .whole(plan.work.checkpointEvery),
        ])
    }
    observer.run = { folder, step, steps in
      EventLog.tell(
        "run",
        [
          "folder": .text(folder.path), "config": .text(folder.config), "manifest": .text(folder.manifest),
          "step": .whole(step), "steps": .whole(steps),
        ])
    }
    observer.step = { record in
      step(record)
      EventLog.tell("step", object: record.line)
    }
    observer.score = { next, best in
      score(next, best)
      if let line = try? next.line() { EventLog.tell("score", object: line) }
    }
    observer.selection = { point in
      if let line = try? point.line() { EventLog.tell("selection", object: line) }
    }
    observer.checkpoint = { step, file in
      EventLog.tell("checkpoint", ["step": .whole(step), "file": .text(file)])
    }
    return observer
  }
}
