// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from '@openzeppelin/contracts/token/ERC20/IERC20.sol';
import {SafeERC20} from '@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol';
import {IMarketEscrow} from './IMarketEscrow.sol';

/// Money in and out. It is sent to whom it is due; who cannot take it, or will not, finds it here and takes it away later,
/// so that nobody's refusal holds up anybody else.
abstract contract Payments is IMarketEscrow {
    using SafeERC20 for IERC20;

    /// What a receiver of the chain's own coin may do with it: enough for a wallet that is a contract, not for mischief.
    uint256 internal constant RECEIVER_GAS = 50_000;
    /// What there must be so that it gets that, whatever calling it costs.
    uint256 private constant NEEDED = RECEIVER_GAS + 20_000;

    /// What is due to whom and was not taken: credits[token][account], in base units.
    mapping(address token => mapping(address account => uint256)) public credits;

    /// Takes exactly `amount`. A token that takes a fee is refused: what it is short of would be missing from others' orders.
    function _take(address token, address from, uint256 amount) internal {
        if (token == address(0)) {
            if (msg.value != amount) revert WrongValue(amount, msg.value);
            return;
        }
        if (msg.value != 0) revert WrongValue(0, msg.value);
        uint256 before = IERC20(token).balanceOf(address(this));
        IERC20(token).safeTransferFrom(from, address(this), amount);
        uint256 received = IERC20(token).balanceOf(address(this)) - before;
        if (received != amount) revert NotWholeReceived(amount, received);
    }

    function _pay(address token, address to, uint256 amount) internal {
        if (amount == 0) return;
        bool taken = token == address(0) ? _sendOwnCoin(to, amount) : IERC20(token).trySafeTransfer(to, amount);
        if (taken) return;
        credits[token][to] += amount;
        emit Credited(token, to, amount);
    }

    /// The receiver's answer is not copied: it may be longer than there is gas for. Nor can whoever sends the transaction
    /// starve the receiver of gas, so that what it would have taken is left lying here: what a call leaves that got less is
    /// not enough to write that down (EIP-150), and where that costs next to nothing, there is this limit.
    function _sendOwnCoin(address to, uint256 amount) private returns (bool taken) {
        if (gasleft() < NEEDED) revert TooLittleGas(NEEDED);
        uint256 given = RECEIVER_GAS;
        assembly ('memory-safe') {
            taken := call(given, to, amount, 0, 0, 0, 0)
        }
    }

    /// Takes away what could not be sent, to wherever its owner wants it.
    function _withdraw(address token, address account, address to) internal returns (uint256 amount) {
        if (to == address(0) || to == address(this)) revert NotWithdrawn();
        amount = credits[token][account];
        if (amount == 0) revert NothingToWithdraw();
        credits[token][account] = 0;
        emit Withdrawn(token, account, to, amount);
        if (token != address(0)) {
            IERC20(token).safeTransfer(to, amount);
            return amount;
        }
        bool taken;
        assembly ('memory-safe') {
            taken := call(gas(), to, amount, 0, 0, 0, 0)
        }
        if (!taken) revert NotWithdrawn();
    }
}
