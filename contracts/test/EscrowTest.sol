// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow, Order, State, Status} from '../src/IMarketEscrow.sol';
import {MarketEscrow} from '../src/MarketEscrow.sol';
import {HonestToken} from './Tokens.sol';
import {deployed, vm} from './Vm.sol';

/// An escrow, two tokens and the parties of one order.
abstract contract EscrowTest {
    MarketEscrow internal escrow;
    HonestToken internal gold;
    HonestToken internal silver;

    uint256 internal constant PAYER_KEY = uint256(keccak256('payer'));
    uint256 internal constant SIGNER_KEY = uint256(keccak256('signer'));
    address internal payer;
    address internal signer;
    address internal constant PAYEE = address(uint160(uint256(keccak256('payee'))));
    address internal constant ARBITER = address(uint160(uint256(keccak256('arbiter'))));
    address internal constant STRANGER = address(uint160(uint256(keccak256('stranger'))));

    /// 2026-03-01.
    uint256 internal constant BEGINNING = 1_772_323_200;

    function setUp() public virtual {
        vm.warp(BEGINNING);
        escrow = MarketEscrow(deployed('contracts/src/MarketEscrow.sol:MarketEscrow'));
        gold = new HonestToken('Gold');
        silver = new HonestToken('Silver');
        payer = vm.addr(PAYER_KEY);
        signer = vm.addr(SIGNER_KEY);
    }

    /// Fuzzed terms, sound, with an arbiter and a voucher signer.
    function _order(address token, uint256 seed) internal view returns (Order memory) {
        uint64 expiresAt = uint64(block.timestamp + _within(_mix(seed, 1), 1, 400 days));
        return Order({
            payer: payer,
            payee: PAYEE,
            token: token,
            amount: uint128(_within(_mix(seed, 2), 2, _mix(seed, 3) % 4 == 0 ? type(uint128).max : 1e20)),
            voucherSigner: signer,
            expiresAt: expiresAt,
            refundableAt: expiresAt + uint64(_within(_mix(seed, 4), 1, 400 days)),
            arbiter: ARBITER,
            decisionTime: uint32(_within(_mix(seed, 5), 1, 1000 days)),
            undecidedPayeeBps: uint16(_within(_mix(seed, 6), 0, 10_000)),
            ref: bytes32(_mix(seed, 7))
        });
    }

    /// One order in each of coin and token, by the seed.
    function _order(uint256 seed) internal view returns (Order memory) {
        return _order(_mix(seed, 0) % 2 == 0 ? address(0) : address(gold), seed);
    }

    function _lock(Order memory order) internal returns (bytes32 id) {
        uint256 value = _fund(order);
        vm.prank(order.payer);
        id = escrow.lock{value: value}(order);
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

    function _dispute(Order memory order) internal {
        vm.prank(order.payer);
        escrow.dispute(order);
    }

    function _signature(uint256 key, bytes32 digest) internal returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _voucher(Order memory order, uint128 cumulative) internal returns (bytes memory) {
        return _signature(SIGNER_KEY, escrow.voucherDigest(escrow.idOf(order), cumulative));
    }

    function _balance(address token, address account) internal view returns (uint256) {
        return token == address(0) ? account.balance : HonestToken(token).balanceOf(account);
    }

    function _state(Order memory order) internal view returns (State memory state) {
        (state.status, state.disputedAt, state.paid) = escrow.orders(escrow.idOf(order));
    }

    function _expectState(Order memory order, Status status, uint256 paid) internal view {
        State memory state = _state(order);
        require(state.status == status, 'status');
        require(state.paid == paid, 'paid');
    }

    /// All that is there of the order's money: the payee's, the payer's, what is still locked.
    function _expectShares(Order memory order, uint256 payee, uint256 toPayer) internal view {
        require(_balance(order.token, order.payee) == payee, 'the payee has something else');
        require(_balance(order.token, order.payer) == toPayer, 'the payer has something else');
        require(
            _balance(order.token, address(escrow)) == order.amount - payee - toPayer, 'the escrow has something else'
        );
    }

    function _refuse(bytes memory why) internal {
        vm.expectRevert(why);
    }

    /// Another number for each salt.
    function _mix(uint256 seed, uint256 salt) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed, salt)));
    }

    /// From least to most, the ends often.
    function _within(uint256 seed, uint256 least, uint256 most) internal pure returns (uint256) {
        if (seed % 16 == 0) return least;
        if (seed % 16 == 1) return most;
        if (most - least == type(uint256).max) return seed;
        return least + (seed / 16) % (most - least + 1);
    }

    /// Somewhere from least to most, mostly around the limit.
    function _around(uint256 seed, uint256 limit, uint256 least, uint256 most) internal pure returns (uint256) {
        uint256 kind = seed % 4;
        if (kind == 0 && limit > least) return limit - 1;
        if (kind == 1) return limit;
        if (kind == 2 && limit < most) return limit + 1;
        return _within(seed / 4, least, most);
    }
}
