// SPDX-License-Identifier: Apache-2.0

/// The eleven classes of CamVid, by label value.
package enum StreetClass: UInt8, CaseIterable, Sendable {
  case sky = 0
  case building, pole, road, pavement, tree, sign, fence, car, pedestrian, bicyclist
}
