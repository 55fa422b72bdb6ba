// SPDX-License-Identifier: Apache-2.0

extension RGBImage {
  /// The picture at another size, each pixel taken from its nearest one, as Pillow's `NEAREST`.
  ///
  /// - `crop`: The part of the result that is wanted; all of it where nil.
  public func resizedNearest(to target: PixelSize, crop: PixelRect? = nil) -> RGBImage {
    let rect = (crop ?? target.bounds).checked(in: target)
    let columns = nearestPlaces(from: width, to: target.width, rect.x, rect.size.width).map { 3 * $0 }
    let rows = nearestPlaces(from: height, to: target.height, rect.y, rect.size.height)
    let result = filledRows(rect.size, channels: 3) { out in
      pixels.withUnsafeBufferPointer { source in
        columns.withUnsafeBufferPointer { columns in
          var to = out.baseAddress!
          for row in rows {
            let line = source.baseAddress! + 3 * row * width
            for column in columns {
              let from = line + column
              (to[0], to[1], to[2]) = (from[0], from[1], from[2])
              to += 3
            }
          }
        }
      }
    }
    return RGBImage(size: rect.size, pixels: result)
  }
}

extension LabelMap {
  /// The map at another size, each pixel taken from its nearest one, as Pillow's `NEAREST`.
  ///
  /// - `crop`: The part of the result that is wanted; all of it where nil.
  public func resizedNearest(to target: PixelSize, crop: PixelRect? = nil) -> LabelMap {
    let rect = (crop ?? target.bounds).checked(in: target)
    let columns = nearestPlaces(from: width, to: target.width, rect.x, rect.size.width)
    let rows = nearestPlaces(from: height, to: target.height, rect.y, rect.size.height)
    let result = filledRows(rect.size, channels: 1) { out in
      pixels.withUnsafeBufferPointer { source in
        columns.withUnsafeBufferPointer { columns in
          var to = 0
          for row in rows {
            let line = source.baseAddress! + row * width
            for column in columns {
              out[to] = line[column]
              to += 1
            }
          }
        }
      }
    }
    return LabelMap(size: rect.size, pixels: result)
  }
}

/// The source column (or row) of each of `count` result columns from `first` on.
///
/// The place is summed up step by step, as Pillow does it, because the sum's rounding decides where a centre
/// falls between two pixels. Source: Pillow, Geometry.c, `ImagingScaleAffine`.
private func nearestPlaces(from old: Int, to new: Int, _ first: Int, _ count: Int) -> [Int] {
  let step = Double(old) / Double(new)
  var place = step * 0.5
  var places: [Int] = []
  places.reserveCapacity(count)
  for index in 0..<first + count {
    if index >= first { places.append(min(Int(place), old - 1)) }
    place += step
  }
  return places
}
