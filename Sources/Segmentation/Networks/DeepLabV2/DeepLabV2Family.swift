// SPDX-License-Identifier: Apache-2.0

import Files
import Torch

extension NetworkFamily {
  static func deepLabV2(_ backbone: DeepLabV2.Description.Backbone) -> NetworkFamily {
    let name = "deeplabv2-\(backbone.rawValue)"

    @Sendable func mine(_ weights: RecognisedWeights?) -> RecognisedWeights? {
      weights.flatMap { DeepLabV2.Description(showing: $0)?.backbone == backbone ? $0 : nil }
    }

    return NetworkFamily(
      name: name, normalisation: .caffe, canHaveAuxiliary: true,
      recognise: { mine(try DeepLabV2Reading.recognise($0)) },
      recogniseBody: { mine(try DeepLabV2Reading.recognise($0, bodies: true)) },
      build: { weights, request in
        guard let description = try DeepLabV2.Description(weights, request.variant) else {
          fatalError("the weights were recognised as those of \(name)")
        }
        guard description.outputs == request.classCount else {
          let head = backbone == .vgg16 ? "classifier" : "layer6"
          throw otherClasses(description.outputs, request, at: "\(head).conv2d_list.0.weight")
        }
        return DeepLabV2(description, normalisation: request.normalisation, device: request.device)
      },
      make: { request in
        let description = try DeepLabV2.Description(backbone, outputs: request.classCount, request.variant)
        return DeepLabV2(
          description, normalisation: request.normalisation, device: request.device, seed: request.seed)
      },
      describe: { weights, variant in
        try DeepLabV2.Description(weights, variant)?.variantText ?? ""
      })
  }
}
