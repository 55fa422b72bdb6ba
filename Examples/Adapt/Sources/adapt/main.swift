// SPDX-License-Identifier: Apache-2.0
// adapt WEIGHTS IMAGES OUTPUT: a run of two steps, and a picture of what the adapted network sees.
import Adaptation
import Foundation
import Imaging
import Segmentation
import Torch

let arguments = CommandLine.arguments
try Machine.load(in: Bundle.main.bundlePath)  // where libCTorch.so lies: beside the program

var settings = AdaptationSettings()
(settings.weightsFile, settings.target.images, settings.output) = (arguments[1], arguments[2], arguments[3])
(settings.steps, settings.batch, settings.size) = (2, 2, PixelSize(width: 320, height: 240))
try AdaptationRun(settings, cache: arguments[3] + "-cache").run(.new(overwrite: false))

let adapted = try NetworkFile.load(RunFolder(settings.output).adaptedPth)
let image = try ImageFile.readRGB(settings.target.imageList().entries[0].path)
let labels = Predictor(adapted.network, PredictionSettings(size: settings.size)).labels(of: image)
try adapted.classes.overlay(labels, on: image).writePNG(to: settings.output + "/overlay.png")
print("adapted weights: \(RunFolder(settings.output).adaptedPth)")
