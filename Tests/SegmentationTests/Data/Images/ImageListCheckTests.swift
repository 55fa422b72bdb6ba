// SPDX-License-Identifier: Apache-2.0

import Foundation
import Imaging
import Segmentation
import Testing

@Suite("The check of all images")
struct ImageListCheckTests {
  @Test("names the first damaged image, and counts and names the others")
  func counts() throws {
    let folder = ScratchFolder()
    for i in 0..<40 {
      try RGBImage(size: pixelSize(4, 3), filledWith: 1, 2, 3).writePNG(to: folder.at("\(10 + i).png"))
    }
    let images = try ImageList(folder: folder.path)
    try images.checkImages()
    try Data().write(to: URL(fileURLWithPath: folder.at("12.png")))
    let one = try #require(problem { try images.checkImages() })
    #expect(one.place == images.entries[2].path && one.why == "the file is empty (0 bytes)")
    for name in ["11", "30", "45", "49"] {
      try Data("no picture".utf8).write(to: URL(fileURLWithPath: folder.at("\(name).png")))
    }
    let five = try #require(problem { try images.checkImages() })
    #expect(five.place == images.entries[1].path && five.why.contains("5 of 40 images cannot be read"))
    let named = [1, 2, 20].map { images.entries[$0].path }.joined(separator: ", ")
    #expect(five.why.hasSuffix("\(named) and 2 more"))
  }
}
