// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20Permit} from '@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol';
import {ReentrancyGuardTransient} from '@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol';
import {Claim, Order, Permit, State, Status} from './IMarketEscrow.sol';
import {Orders} from './Orders.sol';
import {Payments} from './Payments.sol';

/// Escrow for many orders at once. It has no owner, cannot be changed, and no third party has a way to the money: of an
/// order it goes to its payee by the payer's word (release, voucher), to its payer by the payee's word or when its time is
/// over, and otherwise as the arbiter says whom both have agreed on, or as they agreed for the case that it says nothing.
contract MarketEscrow is Orders, Payments, ReentrancyGuardTransient {
    mapping(bytes32 id => State) public orders;

    // ── Locking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Locks the payer's money, by the payer itself.
    function lock(Order calldata order) external payable nonReentrant returns (bytes32 id) {
        if (msg.sender != order.payer) revert NotFor(msg.sender);
        _requireSound(order);
        id = idOf(order);
        _lock(order, id);
    }

    /// Locks the payer's tokens by its signature of the order's id, whoever sends it.
    function lockFor(Order calldata order, bytes calldata authorization) external nonReentrant returns (bytes32 id) {
        id = _authorised(order, authorization);
        _lock(order, id);
    }

    /// The same for a token that takes its allowance signed, too (ERC-2612). The permit may have been used already: who sees
    /// it waiting may be faster, and then the allowance is there.
    function lockWithPermit(Order calldata order, bytes calldata authorization, Permit calldata permit)
        external
        nonReentrant
        returns (bytes32 id)
    {
        id = _authorised(order, authorization);
        try IERC20Permit(order.token).permit(
            order.payer, address(this), order.amount, permit.deadline, permit.v, permit.r, permit.s
        ) {} catch {}
        _lock(order, id);
    }

    /// Takes back the authorisation of an order that is not locked: it never will be.
    function cancel(Order calldata order) external {
        if (msg.sender != order.payer) revert NotFor(msg.sender);
        bytes32 id = idOf(order);
        State storage state = orders[id];
        if (state.status != Status.None) revert AlreadyUsed(id, state.status);
        state.status = Status.Closed;
        emit Cancelled(id);
    }

    // ── Paying ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Pays the payee, whole or in part, by the payer's word.
    function release(Order calldata order, uint128 amount) external nonReentrant {
        if (msg.sender != order.payer) revert NotFor(msg.sender);
        (bytes32 id, State storage state) = _open(order);
        if (amount == 0) revert NothingToPay();
        uint128 left = order.amount - state.paid;
        if (amount > left) revert MoreThanLeft(amount, left);
        _settle(order, id, state, amount);
        _pay(order.token, order.payee, amount);
    }

    /// Pays the payee up to what a voucher says, whoever brings it. It counts in a dispute, too: what was vouchered is beyond it.
    function claim(Order calldata order, uint128 cumulative, bytes calldata signature) external nonReentrant {
        (bytes32 id, State storage state) = _open(order);
        if (block.timestamp >= order.refundableAt) revert VoucherTooLate(order.refundableAt);
        if (cumulative <= state.paid) revert VoucherNotAbove(cumulative, state.paid);
        _requireVoucher(order, id, cumulative, signature);
        uint128 amount = cumulative - state.paid;
        _settle(order, id, state, amount);
        _pay(order.token, order.payee, amount);
    }

    /// Many vouchers at once. What somebody else can bring about is passed over (it was brought already, the order has ended,
    /// its time is over); what is a mistake of the caller's reverts. Vouchers for one payee in one token that follow each other
    /// are paid together.
    /// @return amounts that each has come to; 0: passed over
    function claimBatch(Claim[] calldata claims) external nonReentrant returns (uint256[] memory amounts) {
        amounts = new uint256[](claims.length);
        address token;
        address payee;
        uint256 due;
        for (uint256 i = 0; i < claims.length; i++) {
            Claim calldata each = claims[i];
            amounts[i] = _claimIfOpen(each.order, each.cumulative, each.signature);
            if (amounts[i] == 0) continue;
            if (each.order.token != token || each.order.payee != payee) {
                _pay(token, payee, due);
                (token, payee, due) = (each.order.token, each.order.payee, 0);
            }
            due += amounts[i];
        }
        _pay(token, payee, due);
    }

    // ── Giving back ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Returns what is left to the payer: by the payee at any time, by anyone once its time is over.
    function refund(Order calldata order) external nonReentrant {
        (bytes32 id, State storage state) = _open(order);
        if (msg.sender != order.payee) {
            if (state.status == Status.Disputed) revert Frozen(id, _decideBefore(order, state));
            if (block.timestamp < order.refundableAt) revert NotRefundableYet(order.refundableAt);
        }
        uint128 left = order.amount - state.paid;
        state.status = Status.Closed;
        emit Refunded(id, left);
        _pay(order.token, order.payer, left);
    }

    // ── Disputes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Freezes what is left until the arbiter has decided or its time is over.
    function dispute(Order calldata order) external {
        if (msg.sender != order.payer && msg.sender != order.payee) revert NotFor(msg.sender);
        (bytes32 id, State storage state) = _open(order);
        if (order.arbiter == address(0)) revert NoArbiter();
        if (state.status == Status.Disputed) revert Frozen(id, _decideBefore(order, state));
        if (block.timestamp >= order.refundableAt) revert TooLateToDispute(order.refundableAt);
        state.status = Status.Disputed;
        state.disputedAt = uint64(block.timestamp);
        emit Disputed(id, msg.sender, _decideBefore(order, state));
    }

    /// The arbiter's word: this much the payee gets in all, with what it has got already, and the payer the rest. In all, so that
    /// a voucher that is brought just before changes nothing; what the payee has got beyond that stays with it.
    function decide(Order calldata order, uint128 total) external nonReentrant {
        if (msg.sender != order.arbiter) revert NotFor(msg.sender);
        (bytes32 id, State storage state) = _disputed(order);
        if (block.timestamp >= _decideBefore(order, state)) revert TooLateToDecide(_decideBefore(order, state));
        if (total > order.amount) revert MoreThanLeft(total, order.amount);
        _split(order, id, state, msg.sender, total > state.paid ? total - state.paid : 0);
    }

    /// When the arbiter has not decided in time: as was agreed on for that, by whoever asks for it.
    function conclude(Order calldata order) external nonReentrant {
        (bytes32 id, State storage state) = _disputed(order);
        if (block.timestamp < _decideBefore(order, state)) revert NotDecidableYet(_decideBefore(order, state));
        uint256 left = order.amount - state.paid;
        _split(order, id, state, address(0), uint128((left * order.undecidedPayeeBps) / 10_000));
    }

    // ── What could not be sent ───────────────────────────────────────────────────────────────────────────────────────────

    function withdraw(address token, address to) external nonReentrant returns (uint256 amount) {
        return _withdraw(token, msg.sender, to);
    }

    // ── Inside ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    function _authorised(Order calldata order, bytes calldata authorization) private view returns (bytes32 id) {
        if (order.token == address(0)) revert OwnCoinByPayerOnly();
        _requireSound(order);
        id = idOf(order);
        _requireSigned(order.payer, id, authorization);
    }

    function _lock(Order calldata order, bytes32 id) private {
        if (block.timestamp >= order.expiresAt) revert Expired(order.expiresAt);
        State storage state = orders[id];
        if (state.status != Status.None) revert AlreadyUsed(id, state.status);
        state.status = Status.Active;
        emit Locked(id, order.payer, order.payee, order);
        _take(order.token, order.payer, order.amount);
    }

    function _open(Order calldata order) private view returns (bytes32 id, State storage state) {
        id = idOf(order);
        state = orders[id];
        if (state.status != Status.Active && state.status != Status.Disputed) revert NotOpen(id, state.status);
    }

    function _disputed(Order calldata order) private view returns (bytes32 id, State storage state) {
        id = idOf(order);
        state = orders[id];
        if (state.status != Status.Disputed) revert NotDisputed(id, state.status);
    }

    function _requireVoucher(Order calldata order, bytes32 id, uint128 cumulative, bytes calldata signature) private view {
        if (order.voucherSigner == address(0)) revert NoVouchers();
        if (cumulative > order.amount) revert VoucherBeyondLock(cumulative, order.amount);
        _requireSigned(order.voucherSigner, voucherDigest(id, cumulative), signature);
    }

    function _claimIfOpen(Order calldata order, uint128 cumulative, bytes calldata signature)
        private
        returns (uint256 amount)
    {
        bytes32 id = idOf(order);
        State storage state = orders[id];
        if (state.status != Status.Active && state.status != Status.Disputed) return 0;
        if (block.timestamp >= order.refundableAt || cumulative <= state.paid) return 0;
        _requireVoucher(order, id, cumulative, signature);
        uint128 due = cumulative - state.paid;
        _settle(order, id, state, due);
        return due;
    }

    /// Writes down what the payee has got in all; who has got everything, has an order that is closed.
    function _settle(Order calldata order, bytes32 id, State storage state, uint128 amount) private {
        uint128 paid = state.paid + amount;
        state.paid = paid;
        if (paid == order.amount) state.status = Status.Closed;
        emit Paid(id, amount, paid);
    }

    function _split(Order calldata order, bytes32 id, State storage state, address by, uint128 toPayee) private {
        uint128 toPayer = order.amount - state.paid - toPayee;
        state.paid += toPayee;
        state.status = Status.Closed;
        emit Decided(id, by, toPayee, toPayer);
        _pay(order.token, order.payee, toPayee);
        _pay(order.token, order.payer, toPayer);
    }

    function _decideBefore(Order calldata order, State storage state) private view returns (uint256) {
        return uint256(state.disputedAt) + order.decisionTime;
    }
}
