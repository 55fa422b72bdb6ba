// SPDX-License-Identifier: Apache-2.0

import Files
import Imaging
import Streets
import Testing

@Suite struct StreetDomainTests {
  @Test("Every domain is found by its name, and the names differ")
  func names() throws {
    #expect(StreetDomain.all.map(\.name) == ["noon", "dusk", "fog", "rain", "simulator", "city"])
    for domain in StreetDomain.all { #expect(try StreetDomain.named(domain.name).name == domain.name) }
  }

  @Test("An unknown name is a problem that lists the known ones")
  func unknown() {
    let problem = #expect(throws: Problem.self) { try StreetDomain.named("snow") }
    #expect(problem?.description.contains("snow") == true)
    for domain in StreetDomain.all { #expect(problem?.remedy.contains(domain.name) == true) }
  }

  /// The mean of red, green and blue over a few scenes, 0 ... 255.
  static func meanColour(_ domain: StreetDomain) -> [Double] {
    let size = PixelSize(width: 80, height: 60)
    var sums = [0.0, 0.0, 0.0]
    for i in 0..<8 {
      let pixels = StreetScene.render(domain: domain, size: size, seed: 1, index: i).image.pixels
      for (k, value) in pixels.enumerated() { sums[k % 3] += Double(value) }
    }
    return sums.map { $0 / Double(8 * size.area) }
  }

  @Test("The targets look unlike the source: dusk is darker and redder, fog grey, rain colder")
  func gap() {
    let noon = Self.meanColour(.noon)
    let dusk = Self.meanColour(.dusk)
    let fog = Self.meanColour(.fog)
    let rain = Self.meanColour(.rain)
    #expect(dusk[1] < noon[1] - 30)
    #expect(dusk[0] > dusk[1] + 8)
    #expect((fog.max() ?? 255) - (fog.min() ?? 0) < 15)
    #expect(rain[2] > rain[0] + 8)
    for target in [dusk, fog, rain] { #expect(target[1] > 45, "a target must stay readable") }
  }

  /// The mean difference of a pixel's largest and smallest colour.
  static func colourfulness(_ domain: StreetDomain) -> Double {
    let size = PixelSize(width: 80, height: 40)
    let spreads = (0..<8).flatMap { index in
      let pixels = StreetScene.render(domain: domain, size: size, seed: 1, index: index).image.pixels
      return stride(from: 0, to: pixels.count, by: 3).map { i in
        Double((pixels[i...i + 2].max() ?? 0) - (pixels[i...i + 2].min() ?? 0))
      }
    }
    return spreads.reduce(0, +) / Double(spreads.count)
  }

  @Test("The city is paler and darker than the simulator")
  func cityGap() {
    #expect(Self.colourfulness(.simulator) > 1.5 * Self.colourfulness(.city))
    let (simulator, city) = (Self.meanColour(.simulator), Self.meanColour(.city))
    #expect(city[1] < simulator[1] - 5)
    #expect(city[1] > 45, "a target must stay readable")
  }
}
