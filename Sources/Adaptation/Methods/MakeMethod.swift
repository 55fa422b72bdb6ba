// SPDX-License-Identifier: Apache-2.0

import Segmentation

extension AdaptationSettings {
  /// The method that these settings name, on a network that becomes its student.
  ///
  /// - `peers`: the processes that each take a part of every batch; nil for a process by itself.
  package func makeMethod(_ network: any Segmenter, peers: Peers? = nil) -> any AdaptationMethod {
    switch method {
    case .sourceOnly, .batchnorm: SourceOnly(network)
    case .tent: Tent(network, learning: learning, peers: peers)
    case .selfTraining: SelfTraining(network, selfTraining, learning: learning)
    case .urma: URMA(network, urma, learning: learning, seed: seed)
    case .hcl: HCL(network, hcl, learning: learning)
    case .cotta: CoTTA(network, cotta, learning: learning)
    case .dynamicTeacher: DynamicTeacher(network, dynamicTeacher, learning: learning)
    case .iapc: IAPC(network, iapc, learning: learning, peers: peers)
    }
  }
}
