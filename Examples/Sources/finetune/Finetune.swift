// SPDX-License-Identifier: Apache-2.0

import Finetuning

@main
enum Finetune {
  static func main() async { await FinetuneCommand.main() }
}
