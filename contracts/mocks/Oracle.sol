// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RefundEscrow} from 'oz4/utils/escrow/RefundEscrow.sol';

/// OpenZeppelin's escrow, with which the escrow's flow of all or nothing is compared.
contract Oracle is RefundEscrow {
    constructor(address payable beneficiary) RefundEscrow(beneficiary) {}
}
