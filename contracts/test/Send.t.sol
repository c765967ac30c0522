// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from '@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol';
import {Claim, IMarketEscrow, Order, Permit, Status} from '../src/IMarketEscrow.sol';
import {EscrowTest} from './EscrowTest.sol';
import {CallingReceiver, Receiver} from './Receivers.sol';
import {CallingToken, OddToken} from './Tokens.sol';
import {vm} from './Vm.sol';

contract SendTest is EscrowTest {
    bytes4 private constant REENTERED = ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector;
    /// What a receiver of coin has, and what must be left before it is sent.
    uint256 private constant RECEIVED = 52_300;
    uint256 private constant NEEDED = 70_000;

    function testFuzz_WhatIsNotTakenIsKeptForItsReceiver(uint256 seed, address to, bool coin) external {
        vm.assume(uint160(to) > 0xffff && to.code.length == 0 && to != address(escrow));
        OddToken odd = new OddToken();
        Receiver receiver = new Receiver(false);
        odd.deny(address(receiver), true);
        Order memory order = _order(coin ? address(0) : address(odd), seed);
        order.payee = address(receiver);
        uint256 before = _balance(order.token, to);
        _lock(order);
        for (uint256 i = 0; i < 2; i++) {
            uint128 amount = i == 0 ? 1 : order.amount - 1;
            vm.expectEmit(address(escrow));
            emit IMarketEscrow.Credited(order.token, order.payee, amount);
            vm.prank(order.payer);
            escrow.release(order, amount);
        }
        _expectState(order, Status.Closed, order.amount);
        require(escrow.credits(order.token, order.payee) == order.amount, 'credit');
        _expectShares(order, 0, 0);

        _refuse(abi.encodeWithSelector(IMarketEscrow.NothingToWithdraw.selector));
        escrow.withdraw(order.token, to);
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Withdrawn(order.token, order.payee, to, order.amount);
        vm.prank(order.payee);
        require(escrow.withdraw(order.token, to) == order.amount, 'amount');
        require(_balance(order.token, to) == before + order.amount, 'withdrawn');
        require(escrow.credits(order.token, order.payee) == 0, 'credit');
        _refuse(abi.encodeWithSelector(IMarketEscrow.NothingToWithdraw.selector));
        vm.prank(order.payee);
        escrow.withdraw(order.token, to);
    }

    function testFuzz_WhatCannotBeWithdrawnIsStillKept(uint256 seed, bool coin) external {
        OddToken odd = new OddToken();
        Receiver receiver = new Receiver(false);
        odd.deny(address(receiver), true);
        Order memory order = _order(coin ? address(0) : address(odd), seed);
        order.payee = address(receiver);
        _lock(order);
        vm.prank(order.payer);
        escrow.release(order, order.amount);
        _refuse(
            coin
                ? abi.encodeWithSelector(IMarketEscrow.NotWithdrawn.selector)
                : abi.encodeWithSelector(OddToken.Denied.selector, address(receiver))
        );
        vm.prank(order.payee);
        escrow.withdraw(order.token, order.payee);
        require(escrow.credits(order.token, order.payee) == order.amount, 'credit');
    }

    /// Nobody can ever take it from nowhere, nor from the escrow itself.
    function testFuzz_NothingIsWithdrawnToNowhere(uint256 seed, bool nowhere, bool coin) external {
        OddToken odd = new OddToken();
        Receiver refuser = new Receiver(false);
        odd.deny(address(refuser), true);
        Order memory order = _order(coin ? address(0) : address(odd), seed);
        order.payee = address(refuser);
        _lock(order);
        vm.prank(order.payer);
        escrow.release(order, order.amount);
        _refuse(abi.encodeWithSelector(IMarketEscrow.NotWithdrawn.selector));
        vm.prank(order.payee);
        escrow.withdraw(order.token, nowhere ? address(0) : address(escrow));
        require(escrow.credits(order.token, order.payee) == order.amount, 'credit');
    }

    /// Of a split, each side has its part whether or not the other takes its own.
    function testFuzz_NobodysRefusalHoldsUpAnother(uint256 seed, bool payees, uint128 toPayee) external {
        Order memory order = _order(address(0), seed);
        address refuser = address(new Receiver(false));
        if (payees) order.payee = refuser;
        else order.payer = refuser;
        toPayee = uint128(_within(toPayee, 1, order.amount - 1));
        _lock(order);
        _dispute(order);
        vm.prank(ARBITER);
        escrow.decide(order, toPayee);
        uint128 toPayer = order.amount - toPayee;
        require(escrow.credits(address(0), refuser) == (payees ? toPayee : toPayer), 'credit');
        require((payees ? order.payer : order.payee).balance == (payees ? toPayer : toPayee), 'sent');
    }

    /// The first instruction has used 2 when it looks.
    function test_AReceiverHasItsGasAndNoMore() external {
        Order memory order = _order(address(0), 7);
        vm.etch(PAYEE, hex'5a5f5500'); // sstore(0, gas())
        _lock(order);
        vm.prank(order.payer);
        escrow.release(order, 1);
        require(_balance(address(0), PAYEE) == 1, 'not taken');
        vm.etch(PAYEE, hex'5f545f5260205ff3'); // return sload(0)
        (, bytes memory seen) = PAYEE.call('');
        require(abi.decode(seen, (uint256)) == RECEIVED - 2, 'gas');
    }

    /// With whatever gas it comes, a payment is sent to a receiver that takes it, or does not happen.
    function testFuzz_WhoeverSendsItCannotStarveTheReceiver(uint256 seed, uint256 gas_) external {
        Order memory order = _order(address(0), seed);
        vm.etch(PAYEE, hex'5a5f5560015f5500'); // uses what a wallet with one write uses
        _lock(order);
        vm.prank(order.payer);
        (bool done, bytes memory why) = address(escrow).call{gas: _within(gas_, 60_000, 160_000)}(
            abi.encodeCall(escrow.release, (order, order.amount))
        );
        require(escrow.credits(address(0), PAYEE) == 0, 'starved');
        require(_balance(address(0), PAYEE) == (done ? order.amount : 0), 'sent');
        if (done || why.length == 0) return;
        require(keccak256(why) == keccak256(abi.encodeWithSelector(IMarketEscrow.TooLittleGas.selector, NEEDED)), 'why');
    }

    /// Below some gas a payment is refused with the figure, above it is done: never is it done by half.
    function test_TooLittleGasIsSaid() external {
        Order memory order = _order(address(0), 7);
        _lock(order);
        bytes memory tooLittle = abi.encodeWithSelector(IMarketEscrow.TooLittleGas.selector, NEEDED);
        uint256 refused;
        uint256 paid;
        for (uint256 gas_ = 30_000; gas_ < 110_000; gas_ += 1000) {
            vm.prank(order.payer);
            (bool done, bytes memory why) =
                address(escrow).call{gas: gas_}(abi.encodeCall(escrow.release, (order, 1)));
            if (done) paid++;
            else refused++;
            require(done ? gas_ > NEEDED : paid == 0 && keccak256(why) == keccak256(tooLittle), 'by half');
        }
        require(refused > 0 && paid > 0 && _balance(address(0), PAYEE) == paid, 'always or never');
    }

    /// Whatever a receiver answers with costs only itself.
    function test_ALongAnswerIsNotCopied() external {
        Order memory order = _order(address(0), 7);
        vm.etch(PAYEE, hex'61ffff5ff3'); // return 64 kB
        _lock(order);
        vm.prank(order.payer);
        escrow.release(order, 1);
        require(_balance(address(0), PAYEE) == 1, 'not taken');
    }

    /// In the middle of each payment and lock, no function that moves money can be called.
    function test_NothingIsReentered() external {
        CallingToken token = new CallingToken();
        for (uint256 outer = 0; outer < 9; outer++) {
            for (uint256 inner = 0; inner < 10; inner++) {
                Order memory order = _order(address(token), outer * 10 + inner);
                order.amount = 1e20;
                order.undecidedPayeeBps = 5000;
                if (outer > 2) _lock(order);
                else _fund(order);
                if (outer > 6) _dispute(order);
                vm.warp(block.timestamp + (outer == 8 ? order.decisionTime : 0));
                token.callBack(address(escrow), _callOf(inner, order, ''));
                bytes memory signature = outer < 3
                    ? _signature(PAYER_KEY, escrow.idOf(order))
                    : _voucher(order, 1);
                vm.prank(outer == 6 ? PAYEE : outer == 7 ? ARBITER : order.payer);
                (bool done,) = address(escrow).call(_callOf(outer, order, signature));
                require(done, 'not done');
                _expectRefusedAgain(token);
                token.callBack(address(0), '');
            }
        }
    }

    function _expectRefusedAgain(CallingToken token) private view {
        require(token.calls() > 0, 'not called back');
        require(!token.succeeded(), 'reentered');
        require(bytes4(token.answer()) == REENTERED, 'refused for another reason');
    }

    function testFuzz_NothingIsReenteredFromAReceiver(uint256 seed, bool withdrawing) external {
        CallingReceiver receiver = new CallingReceiver();
        Order memory order = _order(address(0), seed);
        order.payee = address(receiver);
        _lock(order);
        receiver.callBack(address(escrow), abi.encodeCall(escrow.withdraw, (address(0), STRANGER)));
        if (withdrawing) vm.etch(order.payee, hex'5f5ffd'); // takes nothing now
        vm.prank(order.payer);
        escrow.release(order, 1);
        if (withdrawing) {
            vm.etch(order.payee, address(new CallingReceiver()).code);
            vm.prank(order.payee);
            escrow.withdraw(address(0), order.payee);
        }
        require(!receiver.succeeded() && receiver.answer() == REENTERED, 'reentered');
        require(order.payee.balance == 1, 'not taken');
    }

    function _callOf(uint256 which, Order memory order, bytes memory signature) private view returns (bytes memory) {
        Permit memory permit;
        if (which == 0) return abi.encodeCall(escrow.lock, (order));
        if (which == 1) return abi.encodeCall(escrow.lockFor, (order, signature));
        if (which == 2) return abi.encodeCall(escrow.lockWithPermit, (order, signature, permit));
        if (which == 3) return abi.encodeCall(escrow.release, (order, 1));
        if (which == 4) return abi.encodeCall(escrow.claim, (order, 1, signature));
        if (which == 5) {
            Claim[] memory claims = new Claim[](1);
            claims[0] = Claim(order, 1, signature);
            return abi.encodeCall(escrow.claimBatch, (claims));
        }
        if (which == 6) return abi.encodeCall(escrow.refund, (order));
        if (which == 7) return abi.encodeCall(escrow.decide, (order, 1));
        if (which == 8) return abi.encodeCall(escrow.conclude, (order));
        return abi.encodeCall(escrow.withdraw, (order.token, order.payee));
    }
}
