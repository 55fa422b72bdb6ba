/* SPDX-License-Identifier: Apache-2.0
 *
 * Empty: this room defines what the headers of TorchABI declare, and shows nothing of its own.
 */
