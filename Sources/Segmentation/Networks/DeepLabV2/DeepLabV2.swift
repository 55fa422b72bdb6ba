// SPDX-License-Identifier: Apache-2.0

import Torch

/// The part of DeepLabV2 below the classifier.
protocol DeepLabBody {
  /// Shapes: [N, 3, H, W] -> the features of prototypes [N, D, h, w] and the classifier's input at their
  /// size.
  func callAsFunction(_ image: Tensor, _ mode: Mode) -> (features: Tensor, last: Tensor)
}

/// DeepLabV2: a dilated ResNet or VGG-16 with a classifier of parallel dilated convolutions.
///
/// Shapes: [N, 3, H, W] -> logits [N, C, h, w] and features [N, 1024, h, w] at stride 8; with the pooling's
/// ceil mode h = H / 8 + 1 where 8 divides H.
/// Source: Chen, Papandreou, Kokkinos, Murphy, Yuille, PAMI 2018, arXiv 1606.00915. Entries are named as
/// AdaptSegNet and ADVENT name them.
public final class DeepLabV2: Segmenter {
  /// The variant that it is.
  public let description: Description
  public let store: ParameterStore
  public let outputStride = 8
  public let sizeMultiple = 1
  /// VGG's poolings leave nothing of less.
  public var leastSide: Int { description.backbone == .vgg16 ? 8 : 1 }
  public let normalisation: Normalisation

  private let body: any DeepLabBody
  private let head: ASPP
  private let auxiliary: ASPP?
  private let headName: String

  /// A network whose parameters the seed draws, until weights are loaded.
  public init(
    _ description: Description, normalisation: Normalisation = .caffe, device: Device = .cpu, seed: UInt64 = 0
  ) {
    guard description.outputs > 0, description.width > 0, [2, 4].contains(description.branches) else {
      fatalError("there is no DeepLabV2 of \(description)")
    }
    self.description = description
    self.normalisation = normalisation
    store = ParameterStore(device: device, seed: seed)
    let root = Scope(store)
    let (d, features) = (description, 16 * description.width)
    switch d.backbone {
    case .resnet101, .resnet50: body = ResNet(root, depths: d.backbone.depths, d)
    case .vgg16: body = VGG16(root, d)
    }
    func classifier(_ name: String, _ input: Int) -> ASPP {
      ASPP(root / name, input, d.outputs, summed: d.branches)
    }
    auxiliary = d.auxiliary ? classifier("layer5", features) : nil
    headName = d.backbone == .vgg16 ? "classifier" : "layer6"
    head = classifier(headName, d.backbone == .vgg16 ? features : 2 * features)
  }

  public var name: String { "deeplabv2-\(description.backbone.rawValue)" }
  public var classCount: Int { description.outputs }

  public func callAsFunction(_ images: Tensor, _ mode: Mode) -> Prediction {
    let maps = body(images, mode)
    return Prediction(logits: head(maps.last), features: maps.features)
  }

  public func auxiliaryLogits(of prediction: Prediction) -> Tensor? {
    auxiliary.map { $0(prediction.features) }
  }

  public func isHead(_ parameter: String) -> Bool {
    parameter.hasPrefix("\(headName).") || (description.auxiliary && parameter.hasPrefix("layer5."))
  }

  /// The stem lies in no module but its own, the convolutions of shortcuts in one more than the others.
  /// Source: `get_1x_lr_params` of AdaptSegNet's network, which the released code has.
  public func updates(of parameter: String, most updates: Int) -> Int {
    guard updates > 1, description.backbone != .vgg16 else { return updates }
    if parameter.contains(".downsample.") { return updates + 1 }
    return parameter.hasPrefix("layer") ? updates : 1
  }

  public func isNormalisation(_ parameter: String) -> Bool {
    guard let point = parameter.lastIndex(of: ".") else { return false }
    return store["\(parameter[..<point]).running_mean"] != nil
  }

  public func copy() -> DeepLabV2 {
    let twin = DeepLabV2(description, normalisation: normalisation, device: store.device)
    twin.store.copy(from: store)
    return twin
  }
}
