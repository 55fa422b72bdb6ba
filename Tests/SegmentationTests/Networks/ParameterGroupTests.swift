// SPDX-License-Identifier: Apache-2.0

import Segmentation
import Testing

@Suite("Parameter groups")
struct ParameterGroupTests {
  private func network() -> DeepLabV2 {
    var description = DeepLabV2.Description(.resnet50, outputs: 3)
    description.width = 4
    description.auxiliary = true
    let network = DeepLabV2(description)
    network.freezeNormalisation()
    return network
  }

  private func summary(_ updates: Int) -> [String] {
    network().parameterGroups(headScale: 10, bodyUpdates: updates).map {
      "\($0.name) \($0.parameters.count) x\($0.updates) at \($0.learningRateScale)"
    }
  }

  @Test("of a ResNet are stepped as often as the released code lists them: stem once, shortcuts four times")
  func repeats() throws {
    #expect(
      summary(3) == [
        "body 1 x1 at 1.0", "body 48 x3 at 1.0", "body 4 x4 at 1.0", "head 16 x1 at 10.0",
      ])
    let groups = network().parameterGroups(headScale: 10, bodyUpdates: 3)
    #expect(groups[0].parameters.map(\.name) == ["conv1.weight"])
    #expect(groups[2].parameters.map(\.name) == (1...4).map { "layer\($0).0.downsample.0.weight" })
  }

  @Test("of the plain optimiser are the body and the head")
  func plain() {
    #expect(summary(1) == ["body 53 x1 at 1.0", "head 16 x1 at 10.0"])
  }
}
