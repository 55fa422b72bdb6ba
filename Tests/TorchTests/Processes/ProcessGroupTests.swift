// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Torch

@Suite("A group of processes", .serialized)
struct ProcessGroupTests {
  @Test("adds up numbers and tensors, the same bits for all", arguments: [2, 3])
  func sums(count: Int) throws {
    let found = try members(count) { group, _ in
      let tensor = Tensor([Float(0.1), 0.7].map { $0 * Float(group.rank + 1) }, shape: [2])
      group.sum(tensor)
      return (group.sum([1, Double(group.rank)]), tensor.scalars(as: Float.self), group.cost.calls)
    }
    let ranks = Double(count * (count - 1) / 2)
    for (numbers, floats, calls) in found {
      #expect(numbers == [Double(count), ranks] && floats == found[0].1 && calls == 2)
      #expect(abs(floats[0] - 0.1 * Float(ranks + Double(count))) < 1e-6)
    }
  }

  @Test("gives everybody the bytes of one, or of all, whatever their lengths")
  func bytes() throws {
    let found = try members(3) { group, _ in
      let own = [UInt8](repeating: UInt8(group.rank + 7), count: 3 * group.rank)
      return (try group.gather(own), try group.broadcast(own, from: 2), try group.broadcast([], from: 1))
    }
    for (all, one, none) in found {
      #expect(all == [[], [8, 8, 8], [9, 9, 9, 9, 9, 9]])
      #expect(one == [9, 9, 9, 9, 9, 9] && none == [])
    }
  }

  @Test("adds up gradients, before and during backward, and leaves alone what nobody has a gradient of")
  func gradients() throws {
    for overlaps in [false, true] {
      let found = try members(2) { group, _ in
        let parameters = (0..<4).map { Tensor([Float($0), 1], shape: [2]) }
        for parameter in parameters { parameter.requiresGradient = true }
        // A bucket holds two; the first member lacks one that the other has.
        let buckets = GradientBuckets(parameters, over: group, bytes: 16, overlaps: overlaps)
        for _ in 0..<2 {
          for parameter in parameters { parameter.clearGradient() }
          let used = group.rank == 0 ? parameters[0] : parameters[0] + parameters[2]
          (used * Double(group.rank + 1)).sum().backward()
          buckets.finish()
        }
        try group.check()
        return parameters.map { $0.gradient?.scalars(as: Float.self) }
      }
      for gradients in found { #expect(gradients == [[3, 3], nil, [2, 2], nil], "\(overlaps)") }
    }
  }

  @Test("fails once: who waits goes on when it is broken off, and every later call at once")
  func broken() throws {
    let found = try members(2) { group, store in
      guard group.rank == 0 else {
        // Takes no part before the other has given up.
        while try store.get("gave up") == nil { Thread.sleep(forTimeInterval: 0.02) }
        return ([1.0], String?.none)
      }
      Thread.detachNewThread {
        Thread.sleep(forTimeInterval: 0.2)
        group.breakOff("enough")
        group.breakOff("too late")
      }
      let sum = group.sum([5])
      let tensor = Tensor([Float(1)], shape: [1])
      group.sum(tensor)
      #expect(tensor.scalars(as: Float.self) == [1])
      #expect(throws: TorchError.self) { try group.gather([1]) }
      try store.set("gave up", to: "yes")
      return (sum, group.failure)
    }
    #expect(found[0].0 == [5] && found[0].1 == "enough")
  }

  @Test("meets at a store that keeps the first word, counts, and does not wait for what is not there")
  func store() throws {
    let found = try members(2) { group, store in
      let first = try store.setFirst("word", to: "rank \(group.rank)")
      try store.set("own \(group.rank)", to: "ä b")
      try store.add("count", group.rank + 1)
      try group.wait()
      return (
        first, try store.get("own 1"), try store.get("nothing"), try store.add("count", 0)
      )
    }
    #expect(found[0].0 == found[1].0 && found[0].0.hasPrefix("rank "))
    for (_, own, nothing, count) in found { #expect(own == "ä b" && nothing == nil && count == 3) }
  }

  @Test("says so where nobody holds the store")
  func absent() throws {
    let port = try freePort()
    #expect(throws: TorchError.self) {
      _ = try MeetingStore(host: "127.0.0.1", port: port, serves: false, seconds: 0.5)
    }
  }
}
