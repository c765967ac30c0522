// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow, Order, State, Status} from '../src/IMarketEscrow.sol';
import {Market} from './Market.sol';
import {Receiver} from './Receivers.sol';
import {HonestToken} from './Tokens.sol';
import {vm} from './Vm.sol';

/// What happens around the escrow: time, gifts, receivers that change their minds, tokens that misbehave, parties that try what
/// is not theirs; and who watches that nothing forbidden happens.
abstract contract World is Market {
    /// 2026-03-01, and later as it is told.
    uint256 public time = 1_772_323_200;

    /// Afterwards every order is looked at: what was done may have changed only what it is for.
    modifier watched(string memory kind) {
        vm.warp(time);
        _;
        for (uint256 i = 0; i < book.length; i++) _watch(book[i], keccak256(bytes(kind)));
        reached[kind]++;
    }

    function _watch(Entry storage it, bytes32 kind) private {
        State memory before = it.seen;
        State memory now_;
        (now_.status, now_.disputedAt, now_.paid) = escrow.orders(escrow.idOf(it.order));
        it.seen = now_;
        if (!_mayBecome(before, now_, kind)) breach[2] = 'an order became what it must not';
        if (it.ends > 1 || (before.status == Status.Closed && !_same(before, now_))) breach[3] = 'an order ended twice';
        if (now_.paid < before.paid || now_.paid > it.order.amount) breach[4] = 'paid fell, or rose beyond the amount';
        if (now_.paid < it.vouchered) breach[5] = 'a voucher was undone';
        if (before.status == Status.Disputed && !_same(before, now_) && !_endsDisputes(kind)) {
            breach[7] = 'a frozen rest moved';
        }
        require(now_.status == it.status, 'another status than in the books');
        require(now_.paid == it.paid, 'paid something else than in the books');
        require(now_.disputedAt == it.disputedAt, 'disputed at another time than in the books');
    }

    function _same(State memory a, State memory b) private pure returns (bool) {
        return a.status == b.status && a.paid == b.paid && a.disputedAt == b.disputedAt;
    }

    function _mayBecome(State memory before, State memory now_, bytes32 kind) private pure returns (bool) {
        if (before.status == now_.status) return before.paid == now_.paid || _pays(kind);
        if (before.status == Status.None) {
            return now_.status == Status.Active ? kind == keccak256('lock') : kind == keccak256('cancel');
        }
        if (before.status == Status.Closed || now_.status == Status.None) return false;
        if (now_.status == Status.Disputed) return kind == keccak256('dispute') && before.paid == now_.paid;
        if (now_.status == Status.Active) return false;
        return _pays(kind) || kind == keccak256('refund') || kind == keccak256('empty')
            || (before.status == Status.Disputed && _endsDisputes(kind));
    }

    function _pays(bytes32 kind) private pure returns (bool) {
        return kind == keccak256('release') || kind == keccak256('claim') || kind == keccak256('claimBatch');
    }

    function _endsDisputes(bytes32 kind) private pure returns (bool) {
        return _pays(kind) || kind == keccak256('refund') || kind == keccak256('decide')
            || kind == keccak256('conclude') || kind == keccak256('empty');
    }

    // ── What happens around it ───────────────────────────────────────────────────────────────────────────────────────────

    /// On by a while, or to a moment at which something ends for an order, or the second before.
    function pass(uint256 i, uint256 seed) external watched('pass') {
        Entry storage it = _some(i);
        uint256[4] memory moments =
            [time + (seed % 30 days), it.order.expiresAt, it.order.refundableAt, _decideBefore(it)];
        uint256 moment = moments[_mix(seed, 0) % 4];
        uint256 before = _mix(seed, 1) % 2;
        if (moment > time + before) time = moment - before;
    }

    function turn(uint256 seed) external watched('turn') {
        Receiver receiver = Receiver(payable(actors[seed % 2 == 0 ? 2 : 4]));
        receiver.setTakes(!receiver.takes());
    }

    function misbehave(uint256 seed) external watched('misbehave') {
        if (seed % 3 == 0) odd.setFee(seed % 2 == 0 ? 0 : _mix(seed, 0) % 1000);
        if (seed % 3 == 1) _deny(_mix(seed, 1) % 2 == 0);
        if (seed % 3 == 2) odd.shrink(address(escrow), odd.balanceOf(address(escrow)) / (1 + _mix(seed, 0) % 4) / 2);
    }

    function _deny(bool yes) private {
        for (uint256 k = 0; k < PAYEES; k++) odd.deny(actors[PAYERS + k], yes);
    }

    function donate(uint256 seed) external watched('donate') {
        address asset = assets[seed % 3];
        uint256 amount = _mix(seed, 0) % 1e20;
        donated[asset] += amount;
        if (asset == address(0)) vm.deal(address(escrow), address(escrow).balance + amount);
        else HonestToken(asset).mint(address(escrow), amount);
    }

    function withdraw(uint256 by, uint256 seed) external watched('withdraw') {
        (address who, address to) = (_any(by), _any(seed));
        address asset = assets[_mix(seed, 0) % 4];
        if (asset == address(0) && _mix(seed, 1) % 2 == 0) who = _refuser();
        _withdrawOdd(to);
        if (!isHonest(asset)) return;
        uint256 amount = kept[asset][who];
        bytes memory refusal;
        if (amount == 0) refusal = abi.encodeWithSelector(IMarketEscrow.NothingToWithdraw.selector);
        else if (asset == address(0) && _refuses(to)) refusal = abi.encodeWithSelector(IMarketEscrow.NotWithdrawn.selector);
        if (!_call(who, abi.encodeCall(escrow.withdraw, (asset, to)), refusal)) return;
        (kept[asset][who], owned[asset][who]) = (0, owned[asset][who] - amount);
        owned[asset][to] += amount;
        reached['withdrawn']++;
    }

    /// Of an odd token nobody knows what comes: no more than what is due, and of nothing else anything.
    function _withdrawOdd(address to) private {
        for (uint256 k = 0; k < actors.length; k++) {
            uint256 due = escrow.credits(address(odd), actors[k]);
            if (due == 0) continue;
            uint256 before = odd.balanceOf(address(escrow));
            vm.prank(actors[k]);
            (bool done,) = address(escrow).call(abi.encodeCall(escrow.withdraw, (address(odd), to)));
            require(escrow.credits(address(odd), actors[k]) == (done ? 0 : due), 'due');
            require(before - odd.balanceOf(address(escrow)) == (done ? due : 0), 'gone');
            reached[done ? 'an odd token withdrawn' : 'an odd token not withdrawn']++;
        }
    }

    function _refuser() private view returns (address) {
        return kept[address(0)][actors[2]] != 0 ? actors[2] : actors[4];
    }

    /// Whoever is not a party tries everything that is for parties only.
    function meddle(uint256 i, uint256 by, uint256 seed) external watched('meddle') {
        Entry storage it = _some(i);
        address who = actors[THIRD + by % (actors.length - THIRD)];
        uint128 amount = uint128(_within(seed, 1, it.order.amount));
        bytes[6] memory calls = [
            abi.encodeCall(escrow.lock, (it.order)),
            abi.encodeCall(escrow.cancel, (it.order)),
            abi.encodeCall(escrow.release, (it.order, amount)),
            abi.encodeCall(escrow.dispute, (it.order)),
            who == it.order.arbiter ? bytes('') : abi.encodeCall(escrow.decide, (it.order, amount)),
            abi.encodeCall(escrow.claim, (it.order, amount, new bytes(seed % 70)))
        ];
        for (uint256 k = 0; k < calls.length; k++) {
            vm.prank(who);
            (bool done,) = address(escrow).call(calls[k]);
            require(!done, 'meddled');
        }
    }

    // ── What the actions need ────────────────────────────────────────────────────────────────────────────────────────────

    function lock(uint256 seed) public virtual;

    /// One of the orders; the first is locked when there is none.
    function _some(uint256 i) internal returns (Entry storage) {
        for (uint256 k = 0; book.length == 0; k++) lock(_mix(i, k));
        return book[i % book.length];
    }

    function _any(uint256 seed) internal view returns (address) {
        return actors[seed % actors.length];
    }

    function _terms(uint256 seed) internal view returns (Order memory order) {
        order.payer = actors[_mix(seed, 1) % PAYERS];
        order.payee = actors[PAYERS + _mix(seed, 2) % PAYEES];
        order.token = assets[_mix(seed, 3) % assets.length];
        order.amount = uint128(_within(_mix(seed, 4), 1, 1e20));
        if (_mix(seed, 5) % 4 != 0) order.voucherSigner = actors[8 + _mix(seed, 6) % 2];
        order.expiresAt = uint64(time + _within(_mix(seed, 7), 1, 100 days));
        order.refundableAt = order.expiresAt + uint64(_within(_mix(seed, 8), 0, 100 days));
        order.ref = bytes32(_mix(seed, book.length));
        if (_mix(seed, 9) % 5 == 0) return order;
        order.arbiter = actors[THIRD + _mix(seed, 10) % 2];
        order.decisionTime = uint32(_within(_mix(seed, 11), 1, 100 days));
        order.undecidedPayeeBps = uint16(_within(_mix(seed, 12), 0, 10_000));
    }

    /// Gives the payer what it locks. @return value to be sent along
    function _fund(Order memory order) internal returns (uint256 value) {
        if (order.token == address(0)) {
            vm.deal(order.payer, order.payer.balance + order.amount);
            return order.amount;
        }
        HonestToken(order.token).mint(order.payer, order.amount);
        vm.prank(order.payer);
        HonestToken(order.token).approve(address(escrow), order.amount);
    }

    // ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// Long after everything, strangers and those to whom something is due empty the escrow.
    function empty() external watched('empty') {
        for (uint256 i = 0; i < book.length; i++) {
            Entry storage it = book[i];
            if (it.order.refundableAt > time) time = it.order.refundableAt;
            if (it.status == Status.Disputed && _decideBefore(it) > time) time = _decideBefore(it);
        }
        vm.warp(time);
        Receiver(payable(actors[2])).setTakes(true);
        Receiver(payable(actors[4])).setTakes(true);
        for (uint256 i = 0; i < book.length; i++) {
            Entry storage it = book[i];
            if (it.status == Status.Active) _call(actors[11], abi.encodeCall(escrow.refund, (it.order)), '');
            if (it.status == Status.Disputed) _call(actors[11], abi.encodeCall(escrow.conclude, (it.order)), '');
            if (!_isOpen(it)) continue;
            uint256 toPayee = it.status == Status.Active ? 0 : (uint256(_left(it)) * it.order.undecidedPayeeBps) / 10_000;
            uint256 toPayer = _left(it) - toPayee;
            _got(it, toPayee);
            _returned(it, toPayer);
            _end(it);
        }
        for (uint256 a = 0; a < 3; a++) {
            for (uint256 k = 0; k < actors.length; k++) {
                if (kept[assets[a]][actors[k]] == 0) continue;
                _call(actors[k], abi.encodeCall(escrow.withdraw, (assets[a], actors[k])), '');
                kept[assets[a]][actors[k]] = 0;
            }
        }
    }
}
