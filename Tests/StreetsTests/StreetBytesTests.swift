// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Streets
import Testing

@Suite struct StreetBytesTests {
  /// Weights were trained on these scenes, so they must never change: SHA-256 of the pixels and labels of
  /// four scenes, each picture before its labels.
  static let known = [
    "noon": "46b59a591a6bd811e8342d999225e5f30489f29e54524cc527b57c3c2ba0631d",
    "dusk": "bad1d04a2cded00f7238916312255eb085d9184e05a5c70e8bd10858d965d96d",
    "fog": "3362740ff72620adc5cd48a78ebeba14bb372369582ed0722792d05768f3612f",
    "rain": "131092110cca8a19163b26858a91cff7fba4f22df62144d26fb46a8b122f0e6c",
  ]

  @Test("Four domains keep their pixels and labels byte for byte", arguments: known.keys.sorted())
  func unchanged(name: String) throws {
    let domain = try StreetDomain.named(name)
    var bytes: [UInt8] = []
    for index in 0..<4 {
      let size = PixelSize(width: 160, height: 120)
      let scene = StreetScene.render(domain: domain, size: size, seed: 11, index: index)
      bytes += scene.image.pixels + scene.labels.pixels
    }
    #expect(FileHash.sha256(of: bytes) == Self.known[name])
  }
}
