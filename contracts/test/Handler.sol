// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim, IMarketEscrow, Order, Permit, Status} from '../src/IMarketEscrow.sol';
import {World} from './World.sol';
import {vm} from './Vm.sol';

/// What actors do, sensible or not. Of each call the books say beforehand whether the escrow will do it, and if not, why not.
contract Handler is World {
    // ── Locking ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    function lock(uint256 seed) public override watched('lock') {
        if (book.length == MOST) return;
        Order memory order = _terms(seed);
        bool fee = order.token == address(odd) && (uint256(order.amount) * odd.feeBps()) / 10_000 != 0;
        uint256 value = _fund(order);
        if (fee) {
            // Refused; the money stays where it was.
            uint256 received = order.amount - (uint256(order.amount) * odd.feeBps()) / 10_000;
            _call(
                order.payer,
                abi.encodeCall(escrow.lock, (order)),
                abi.encodeWithSelector(IMarketEscrow.NotWholeReceived.selector, uint256(order.amount), received)
            );
            reached['a token with a fee refused']++;
            return;
        }
        uint256 way = order.token == address(0) || order.payer == actors[2] ? 0 : _mix(seed, 20) % 3;
        if (way == 0) _call(order.payer, value, abi.encodeCall(escrow.lock, (order)), '');
        else {
            bytes memory authorization =
                _signature(order.payer == actors[0] ? PAYER_KEY : PAYER_KEY + 1, escrow.idOf(order));
            Permit memory permit; // worthless: the allowance is there already
            address sender = actors[_mix(seed, 21) % actors.length];
            if (way == 1) _call(sender, abi.encodeCall(escrow.lockFor, (order, authorization)), '');
            else _call(sender, abi.encodeCall(escrow.lockWithPermit, (order, authorization, permit)), '');
        }
        book.push();
        Entry storage it = book[book.length - 1];
        (it.order, it.status) = (order, Status.Active);
        reached['locked']++;
    }

    function cancel(uint256 seed) external watched('cancel') {
        if (book.length == MOST || seed % 4 != 0) return; // it is of no further use
        Order memory order = _terms(seed);
        _call(order.payer, abi.encodeCall(escrow.cancel, (order)), '');
        book.push();
        Entry storage it = book[book.length - 1];
        (it.order, it.status) = (order, Status.Closed);
        (it.toPayer, it.ends) = (order.amount, 1); // it never left
        reached['cancelled']++;
    }

    function lockAgain(uint256 i) external watched('lockAgain') {
        Entry storage it = _some(i);
        uint256 value = it.order.token == address(0) ? it.order.amount : 0;
        vm.deal(it.order.payer, it.order.payer.balance + value);
        vm.prank(it.order.payer);
        (bool done,) = address(escrow).call{value: value}(abi.encodeCall(escrow.lock, (it.order)));
        require(!done, 'locked again');
        vm.deal(it.order.payer, it.order.payer.balance - value);
        reached['refused to lock again']++;
    }

    // ── Paying ───────────────────────────────────────────────────────────────────────────────────────────────────────────

    function release(uint256 i, uint256 seed) external watched('release') {
        Entry storage it = _some(i);
        uint128 amount = uint128(_within(seed, 0, uint256(_left(it)) + 1));
        bytes memory refusal;
        if (!_isOpen(it)) refusal = _notOpen(it);
        else if (amount == 0) refusal = abi.encodeWithSelector(IMarketEscrow.NothingToPay.selector);
        else if (amount > _left(it)) {
            refusal = abi.encodeWithSelector(IMarketEscrow.MoreThanLeft.selector, uint256(amount), uint256(_left(it)));
        }
        if (!_call(it.order.payer, abi.encodeCall(escrow.release, (it.order, amount)), refusal)) return;
        reached[it.status == Status.Disputed ? 'released in a dispute' : 'released']++;
        _paid(it, amount);
    }

    function claim(uint256 i, uint256 seed, uint256 by) external watched('claim') {
        Entry storage it = _some(i);
        uint128 cumulative = uint128(_within(seed, it.paid, uint256(it.order.amount) + 1));
        if (seed % 16 == 9) cumulative = uint128(_within(seed / 16, 0, it.paid));
        bytes memory refusal;
        if (!_isOpen(it)) refusal = _notOpen(it);
        else if (block.timestamp >= it.order.refundableAt) {
            refusal = abi.encodeWithSelector(IMarketEscrow.VoucherTooLate.selector, uint256(it.order.refundableAt));
        } else if (cumulative <= it.paid) {
            refusal = abi.encodeWithSelector(
                IMarketEscrow.VoucherNotAbove.selector, uint256(cumulative), uint256(it.paid)
            );
        } else {
            refusal = _voucherRefusal(it, cumulative);
        }
        bytes memory signature = _voucher(it.order, cumulative);
        if (!_call(_any(by), abi.encodeCall(escrow.claim, (it.order, cumulative, signature)), refusal)) return;
        reached[it.status == Status.Disputed ? 'claimed in a dispute' : 'claimed']++;
        it.vouchered = cumulative;
        _paid(it, cumulative - it.paid);
    }

    /// What was brought once brings nothing more.
    function replay(uint256 i) external watched('replay') {
        Entry storage it = _some(i);
        if (it.vouchered == 0) return;
        bytes memory signature = _voucher(it.order, it.vouchered);
        vm.prank(it.order.payee);
        (bool done,) = address(escrow).call(abi.encodeCall(escrow.claim, (it.order, it.vouchered, signature)));
        require(!done, 'paid twice for a voucher');
        reached['refused a voucher again']++;
    }

    function _voucherRefusal(Entry storage it, uint128 cumulative) private view returns (bytes memory) {
        if (it.order.voucherSigner == address(0)) return abi.encodeWithSelector(IMarketEscrow.NoVouchers.selector);
        if (cumulative <= it.order.amount) return '';
        return abi.encodeWithSelector(
            IMarketEscrow.VoucherBeyondLock.selector, uint256(cumulative), uint256(it.order.amount)
        );
    }

    function claimBatch(uint256 seed, uint256 by) external watched('claimBatch') {
        _some(seed);
        Claim[] memory claims = new Claim[](1 + _mix(seed, 1) % 5);
        uint256[] memory amounts = new uint256[](claims.length);
        for (uint256 k = 0; k < claims.length; k++) {
            Entry storage it = book[_mix(seed, 10 + k) % book.length];
            uint128 cumulative = uint128(_within(_mix(seed, 20 + k), 0, it.order.amount));
            claims[k] = Claim(it.order, cumulative, _voucher(it.order, cumulative));
            bool over = !_isOpen(it) || block.timestamp >= it.order.refundableAt || cumulative <= it.paid;
            if (over) continue;
            // Nobody can bring it about that there are vouchers: who brings one has made a mistake.
            if (it.order.voucherSigner == address(0)) claims[k].cumulative = 0;
            else _brought(it, cumulative, amounts, k);
        }
        (, bytes memory answer) = _call(_any(by), 0, abi.encodeCall(escrow.claimBatch, (claims)), '');
        require(keccak256(answer) == keccak256(abi.encode(amounts)), 'other amounts');
    }

    function _brought(Entry storage it, uint128 cumulative, uint256[] memory amounts, uint256 k) private {
        amounts[k] = cumulative - it.paid;
        it.vouchered = cumulative;
        _paid(it, amounts[k]);
        reached['claimed in a batch']++;
    }

    function forge(uint256 i, uint256 seed) external watched('forge') {
        Entry storage it = _some(i);
        uint128 cumulative = uint128(_within(seed, it.paid, it.order.amount));
        bytes memory signature =
            _signature(PAYER_KEY + (seed % 2), escrow.voucherDigest(escrow.idOf(it.order), cumulative));
        vm.prank(it.order.payee);
        (bool done,) = address(escrow).call(abi.encodeCall(escrow.claim, (it.order, cumulative, signature)));
        require(!done, 'forged');
    }

    // ── Giving back and disputing ────────────────────────────────────────────────────────────────────────────────────────

    function refund(uint256 i, uint256 by) external watched('refund') {
        Entry storage it = _some(i);
        address caller = by % 3 == 0 ? it.order.payee : by % 3 == 1 ? it.order.payer : _any(by);
        bytes memory refusal;
        if (!_isOpen(it)) refusal = _notOpen(it);
        else if (caller != it.order.payee && it.status == Status.Disputed) refusal = _frozen(it);
        else if (caller != it.order.payee && block.timestamp < it.order.refundableAt) {
            refusal = abi.encodeWithSelector(IMarketEscrow.NotRefundableYet.selector, uint256(it.order.refundableAt));
        }
        if (!_call(caller, abi.encodeCall(escrow.refund, (it.order)), refusal)) return;
        reached[it.status == Status.Disputed ? 'conceded in a dispute' : 'refunded']++;
        if (caller != it.order.payee) reached['refunded when it was time']++;
        _returned(it, _left(it));
        _end(it);
    }

    function dispute(uint256 i, uint256 by) external watched('dispute') {
        Entry storage it = _some(i);
        bytes memory refusal;
        if (!_isOpen(it)) refusal = _notOpen(it);
        else if (it.order.arbiter == address(0)) refusal = abi.encodeWithSelector(IMarketEscrow.NoArbiter.selector);
        else if (it.status == Status.Disputed) refusal = _frozen(it);
        else if (block.timestamp >= it.order.refundableAt) {
            refusal = abi.encodeWithSelector(IMarketEscrow.TooLateToDispute.selector, uint256(it.order.refundableAt));
        }
        address caller = by % 2 == 0 ? it.order.payer : it.order.payee;
        if (!_call(caller, abi.encodeCall(escrow.dispute, (it.order)), refusal)) return;
        (it.status, it.disputedAt) = (Status.Disputed, uint64(block.timestamp));
        reached['disputed']++;
    }

    function _frozen(Entry storage it) private view returns (bytes memory) {
        return abi.encodeWithSelector(IMarketEscrow.Frozen.selector, escrow.idOf(it.order), _decideBefore(it));
    }

    function _notDisputed(Entry storage it) private view returns (bytes memory) {
        return abi.encodeWithSelector(IMarketEscrow.NotDisputed.selector, escrow.idOf(it.order), it.status);
    }

    function decide(uint256 i, uint256 seed) external watched('decide') {
        Entry storage it = _some(i);
        if (it.order.arbiter == address(0)) return;
        uint128 total = uint128(_within(seed, 0, uint256(it.order.amount) + 1));
        bytes memory refusal;
        if (it.status != Status.Disputed) refusal = _notDisputed(it);
        else if (block.timestamp >= _decideBefore(it)) {
            refusal = abi.encodeWithSelector(IMarketEscrow.TooLateToDecide.selector, _decideBefore(it));
        } else if (total > it.order.amount) {
            refusal = abi.encodeWithSelector(
                IMarketEscrow.MoreThanLeft.selector, uint256(total), uint256(it.order.amount)
            );
        }
        if (!_call(it.order.arbiter, abi.encodeCall(escrow.decide, (it.order, total)), refusal)) return;
        _split(it, total > it.paid ? total - it.paid : 0);
        reached['decided']++;
    }

    function conclude(uint256 i, uint256 by) external watched('conclude') {
        Entry storage it = _some(i);
        bytes memory refusal;
        if (it.status != Status.Disputed) refusal = _notDisputed(it);
        else if (block.timestamp < _decideBefore(it)) {
            refusal = abi.encodeWithSelector(IMarketEscrow.NotDecidableYet.selector, _decideBefore(it));
        }
        if (!_call(_any(by), abi.encodeCall(escrow.conclude, (it.order)), refusal)) return;
        _split(it, uint128((uint256(_left(it)) * it.order.undecidedPayeeBps) / 10_000));
        reached['concluded']++;
    }

    function _split(Entry storage it, uint128 toPayee) private {
        uint128 toPayer = _left(it) - toPayee;
        _got(it, toPayee);
        _returned(it, toPayer);
        _end(it);
    }
}
