// SPDX-License-Identifier: Apache-2.0

import Files
import Foundation
import Imaging
import Segmentation
import Testing

@Suite("Normalisation of network inputs")
struct NormalisationTests {
  private func values(_ normalisation: Normalisation, _ image: RGBImage) -> [Float] {
    [Float](unsafeUninitializedCapacity: 3 * image.size.area) { buffer, count in
      count = 3 * image.size.area
      normalisation.write(image, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
    }
  }

  private let image = RGBImage(size: PixelSize(width: 2, height: 1), pixels: [10, 20, 30, 200, 100, 0])

  @Test("BGR planes minus Caffe's mean")
  func caffe() {
    let expected: [Float] = [
      30 - 104.00698793, 0 - 104.00698793, 20 - 116.66876762, 100 - 116.66876762, 10 - 122.67891434,
      200 - 122.67891434,
    ]
    #expect(zip(values(.caffe, image), expected).allSatisfy { abs($0 - $1) < 1e-5 })
  }

  @Test("RGB planes as torchvision makes them of x / 255")
  func imageNet() {
    let found = values(.imageNet, image)
    #expect(abs(found[0] - Float((10.0 / 255 - 0.485) / 0.229)) < 1e-6)
    #expect(abs(found[3] - Float((100.0 / 255 - 0.456) / 0.224)) < 1e-6)
    #expect(abs(found[4] - Float((30.0 / 255 - 0.406) / 0.225)) < 1e-6)
  }

  @Test("ESPNet's input: BGR, normalised, then divided by 255")
  func espnet() {
    let found = values(.espnetCityscapes, image)
    #expect(abs(found[0] - Float((30 - 72.3923111) / 45.3192215 / 255)) < 1e-8)
    #expect(abs(found[5] - Float((200 - 73.15840149) / 44.91483307 / 255)) < 1e-8)
  }

  @Test("it survives JSON, and a flawed one does not")
  func coding() throws {
    for normalisation in Normalisation.known {
      let data = try JSONEncoder().encode(normalisation)
      #expect(try JSONDecoder().decode(Normalisation.self, from: data) == normalisation)
      #expect(try Normalisation.named(normalisation.name) == normalisation)
    }
    let flawed = #"{"name":"x","order":"rgb","mean":[1,2,3],"std":[1,0,1],"scale":1}"#
    #expect(throws: Problem.self) { try JSONDecoder().decode(Normalisation.self, from: Data(flawed.utf8)) }
    #expect(problem { _ = try Normalisation(name: "x", order: .rgb, mean: [1, 2]) } != nil)
    #expect(problem { _ = try Normalisation.named("cafe") }?.remedy.contains("caffe") == true)
  }

  @Test(
    "numbers for pixels in 0 to 1 or in 0 to 255 are those of the known name",
    arguments: [
      ("mean=0.485/0.456/0.406,std=0.229/0.224/0.225", "imageNet"),
      ("mean=123.675/116.28/103.53,std=58.395/57.12/57.375", "imageNet"),
      ("mean=0.485,0.456,0.406,std=0.229,0.224,0.225,rgb", "imageNet"),
      ("Mean = [0.485, 0.456, 0.406]; Std = [0.229, 0.224, 0.225]", "imageNet"),
      ("{mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}", "imageNet"),
      ("mean=(0.485 0.456 0.406) std=(0.229 0.224 0.225) scale=255", "imageNet"),
      (#"{"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}"#, "imageNet"),
      ("mean=0.406/0.456/0.485,std=0.225/0.224/0.229,bgr", "imageNet-bgr"),
      ("mean=104.00698793/116.66876762/122.67891434,std=1/1/1,order=bgr", "caffe"),
      (
        "mean=72.3923111/82.90893555/73.15840149,std=45.3192215/46.15289307/44.91483307,bgr,scale=1/255",
        "espnetCityscapes"
      ), ("mean=0/0/0,std=1/1/1,scale=1", "pixels"),
    ])
  func knownNumbers(text: String, name: String) throws {
    #expect(try Normalisation.named(text).name == name)
  }

  @Test(
    "numbers of no known name come back as they were, from their name and from JSON",
    arguments: [
      "mean=127.5/127.5/127.5,std=127.5/127.5/127.5", "mean=0.1/0.2/0.3,std=0.4/0.5/0.6,bgr",
      "mean=1/3/7,std=58.1/57/57,scale=0.7", "mean=0/0/0,std=1/1/1,scale=1/255",
    ])
  func ownNumbers(text: String) throws {
    let found = try Normalisation.named(text)
    #expect(try Normalisation.named(found.name) == found)
    #expect(try JSONDecoder().decode(Normalisation.self, from: JSONEncoder().encode(found)) == found)
    #expect(try Normalisation.named(found.swapped.name) == found.swapped && found.swapped != found)
  }

  @Test("numbers for pixels in 0 to 1 make of them what torchvision does")
  func pixelsToOne() throws {
    let found = values(try .named("mean=0.1/0.2/0.3,std=0.4/0.5/0.6,bgr"), image)
    #expect(abs(found[0] - Float((30.0 / 255 - 0.1) / 0.4)) < 1e-6)
    #expect(abs(found[5] - Float((200.0 / 255 - 0.3) / 0.6)) < 1e-6)
  }

  @Test(
    "numbers that cannot be meant are refused with what to write",
    arguments: [
      ("mean=0.5/0.5,std=0.5/0.5/0.5", "three finite numbers"), ("mean=0.5,std=0.5", "three finite numbers"),
      ("mean=a/b/c,std=1/1/1", "three finite numbers"), ("mean=nan/0/0,std=1/1/1", "three finite numbers"),
      ("mean=0.5/0.5/0.5", "no std"), ("std=0.5/0.5/0.5", "no mean"),
      ("mean=0.5/0.5/0.5,std=0/0.5/0.5", "above 0"), ("mean=0.5/0.5/0.5,std=-1/0.5/0.5", "above 0"),
      ("mean=0.5/0.5/0.5,std=58/57/57", "std in 0 to 255"),
      ("mean=123/116/103,std=0.2/0.2/0.2", "mean in 0 to 255"),
      ("mean=0/0/0,std=1/1/1", "in 0 to 1 or in 0 to 255"),
      ("mean=0.5/0.5/0.5,std=0.5/0.5/0.5,scale=1/255", "multiplied"),
      ("mean=123/116/103,std=58/57/57,scale=255", "multiplied"),
      ("mean=1/2/3,std=58/57/57,scale=0", "above 0"), ("mean=1/2/3,std=58/57/57,scale=1/0", "above 0"),
      ("mean=1/2/3,mean=1/2/3,std=58/57/57", "twice"), ("mean=1/2/3,std=58/57/57,rgb,bgr", "rgb and bgr"),
      ("mean=1/2/3,std=58/57/57,grb", "known ones are mean"),
      ("meen=1/2/3,std=58/57/57", "known ones are mean"),
      ("mean=1/2/3,std=58/57/57,order=gbr", "expected rgb or bgr"),
      (#"{"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}"#, "in 0 to 1"),
      (#"{"mean": [0.485]"#, "no JSON object"), ("imagnet", "imageNet"),
    ])
  func flawedNumbers(text: String, why: String) throws {
    let found = try #require(problem { _ = try Normalisation.named(text) })
    #expect(found.why.contains(why), "\(found)")
    #expect(!found.remedy.isEmpty)
  }

  @Test("a buffer of another size is a mistake of the program")
  func wrongBuffer() async {
    await #expect(processExitsWith: .failure) {
      var values = [Float](repeating: 0, count: 5)
      let image = RGBImage(size: PixelSize(width: 1, height: 2))
      values.withUnsafeMutableBufferPointer { Normalisation.caffe.write(image, into: $0) }
    }
  }
}
