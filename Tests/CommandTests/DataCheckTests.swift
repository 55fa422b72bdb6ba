// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite("iapc data check")
struct DataCheckTests {
  @Test("counts a sound data set, draws its page, and ends with 0")
  func sound() throws {
    try withTemporaryFolder { folder in
      let root = folder.path("cs")
      try done([
        "data", "streets", "--domain", "city", "--layout", "cityscapes", "--split", "val", "--count", "3",
        "--size", "64x32", "--output", root,
      ])
      let outcome = try done([
        "data", "check", "--dataset", "cityscapes", "--data", root, "--split", "val", "--sheet",
        folder.path("sheet.html"), "--json", folder.path("check.json"), "--shown", "2",
      ])
      #expect(outcome.output.contains("images     3 of cityscapes val"))
      #expect(outcome.output.contains("absent     497 images"))
      #expect(outcome.output.contains("size       64x32: 3") && outcome.output.contains("nothing is wrong"))
      let result = try json(folder.path("check.json"))
      let pixels = try #require(result["class_pixels"] as? [Int])
      #expect(pixels.count == 19 && pixels.reduce(result["ignored_pixels"] as? Int ?? 0, +) == 3 * 64 * 32)
      let page = try text(folder.path("sheet.html"))
      #expect(page.components(separatedBy: "<figure>").count == 3)
      #expect(page.components(separatedBy: "data:image/png;base64,").count == 5)
      #expect(page.contains("traffic light") && !page.contains("http"))
    }
  }

  @Test("lists everything that is wrong, and ends with 1")
  func damaged() throws {
    try withTemporaryFolder { folder in
      let root = folder.path("d")
      try done(["data", "streets", "--size", "64x48", "--count", "5", "--output", root])
      func name(_ kind: String, _ index: Int) -> String { "\(root)/\(kind)/noon_0000\(index).png" }
      let files = FileManager.default
      try files.removeItem(atPath: name("labels", 0))
      try bytes(name("images", 1)).prefix(300).write(to: URL(fileURLWithPath: name("images", 1)))
      try done(["data", "streets", "--size", "32x24", "--count", "1", "--output", folder.path("small")])
      try files.removeItem(atPath: name("labels", 2))
      try files.copyItem(
        atPath: "\(folder.path("small"))/labels/noon_00000.png", toPath: name("labels", 2))
      let outcome = try iapc([
        "data", "check", "--images", "\(root)/images", "--labels", "\(root)/labels", "--label-space",
        "cityscapesIds",
      ])
      #expect(outcome.status == 1)
      let output = outcome.output
      #expect(output.contains("no label   noon_00000") && output.contains("something is wrong"))
      #expect(output.contains("truncated") && output.contains("another size") == false)
      #expect(output.contains("is 64x48, the label is 32x24"))
    }
  }

  @Test("names ids that the label space does not know")
  func unknown() throws {
    let sample = try Sample.make()
    // CamVid's 11 classes against Mapillary's ids are known, against SegNet's own minus one they are not.
    let outcome = try iapc([
      "data", "check", "--images", sample.images, "--labels", sample.labels, "--label-space", "camvid11",
    ])
    #expect(outcome.status == 0 && !outcome.output.contains("unknown"))
    try withTemporaryFolder { folder in
      let text = """
        splits: {all: {images: \(sample.images), labels: \(sample.labels)}}
        classes: [sky, building]
        ids: {0: sky, 1: building}
        ignore: [255]
        """
      let file = folder.path("own.yaml")
      try text.write(toFile: file, atomically: true, encoding: .utf8)
      let found = try iapc(["data", "check", "--dataset", file, "--split", "all"])
      #expect(
        found.status == 1 && found.output.contains("unknown    id 3:"), "\(found.output)\(found.errors)")
    }
  }

  @Test("looks at images alone")
  func images() throws {
    let sample = try Sample.make()
    let outcome = try done(["data", "check", "--images", sample.images])
    #expect(outcome.output.contains("images     5") && !outcome.output.contains("class"))
    try expectError(["data", "check", "--images", "nowhere"], saying: "nowhere")
  }
}
