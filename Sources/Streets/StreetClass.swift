// SPDX-License-Identifier: Apache-2.0

/// What a thing in a scene is: the 19 classes scored on Cityscapes, by their train ids.
package enum StreetClass: UInt8, CaseIterable, Sendable {
  case road = 0
  case sidewalk, building, wall, fence, pole, trafficLight, trafficSign, vegetation, terrain, sky
  case person, rider, car, truck, bus, train, motorcycle, bicycle

  /// The index among the eleven classes of CamVid: sky, building, pole, road, pavement, tree, sign, fence,
  /// car, pedestrian, bicyclist.
  var camvid: UInt8 {
    switch self {
    case .sky: 0
    case .building, .wall: 1
    case .pole: 2
    case .road: 3
    case .sidewalk: 4
    case .vegetation, .terrain: 5
    case .trafficLight, .trafficSign: 6
    case .fence: 7
    case .car, .truck, .bus, .train: 8
    case .person: 9
    case .rider, .motorcycle, .bicycle: 10
    }
  }
}

/// The classes that a scene is told in.
public enum StreetClasses: String, CaseIterable, Sendable {
  /// The eleven of CamVid.
  case camvid11
  /// The nineteen scored on Cityscapes.
  case cityscapes19

  /// The class index of each `StreetClass`, by its raw value.
  var indices: [UInt8] {
    switch self {
    case .camvid11: StreetClass.allCases.map(\.camvid)
    case .cityscapes19: StreetClass.allCases.map(\.rawValue)
    }
  }
}
