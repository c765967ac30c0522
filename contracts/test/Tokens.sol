// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from '@openzeppelin/contracts/token/ERC20/ERC20.sol';
import {ERC20Permit} from '@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol';

/// As the standards say, with a permit; it counts how often it was sent.
contract HonestToken is ERC20Permit {
    uint256 public transfers;

    constructor(string memory name) ERC20(name, name) ERC20Permit(name) {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        transfers++;
        return super.transfer(to, amount);
    }
}

/// What goes wrong with tokens: a fee on each transfer, accounts that it denies, balances that shrink.
contract OddToken is ERC20 {
    uint256 public feeBps;
    mapping(address account => bool) public denied;

    error Denied(address account);

    constructor() ERC20('Odd', 'ODD') {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 bps) external {
        feeBps = bps;
    }

    function deny(address account, bool is_) external {
        denied[account] = is_;
    }

    function shrink(address account, uint256 amount) external {
        _burn(account, amount);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0) && denied[to]) revert Denied(to);
        uint256 fee = from == address(0) || to == address(0) ? 0 : (amount * feeBps) / 10_000;
        super._update(from, to, amount - fee);
        if (fee != 0) super._update(from, address(0), fee);
    }
}

/// Calls back whom it is told to, in the middle of each transfer and permit, and keeps what it was answered.
contract CallingToken is ERC20 {
    address public target;
    bytes public call;
    bytes public answer;
    bool public succeeded;
    uint256 public calls;

    constructor() ERC20('Calling', 'CALL') {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function callBack(address target_, bytes calldata call_) external {
        (target, call, calls, succeeded) = (target_, call_, 0, false);
        delete answer;
    }

    function permit(address, address, uint256, uint256, uint8, bytes32, bytes32) external {
        _callBack();
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        _callBack();
    }

    function _callBack() private {
        if (target == address(0)) return;
        calls++;
        (succeeded, answer) = target.call(call);
    }
}
