// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from '@openzeppelin/contracts/utils/cryptography/ECDSA.sol';
import {IERC1271} from '@openzeppelin/contracts/interfaces/IERC1271.sol';

/// Takes the chain's coin or does not, as it is told; does what it is told, as a payee or a payer that is a contract.
contract Receiver {
    bool public takes;

    constructor(bool takes_) {
        takes = takes_;
    }

    function setTakes(bool takes_) external {
        takes = takes_;
    }

    receive() external payable {
        require(takes, 'not now');
    }
}

/// Calls back whom it is told to when coin comes, and keeps what it was answered.
contract CallingReceiver {
    address public target;
    bytes public call;
    bytes4 public answer;
    bool public succeeded;

    function callBack(address target_, bytes calldata call_) external {
        (target, call) = (target_, call_);
    }

    receive() external payable {
        bytes memory answered;
        (succeeded, answered) = target.call(call);
        answer = bytes4(answered);
    }
}

/// A wallet that is a contract: what its one owner has signed counts (EIP-1271).
contract Wallet is IERC1271 {
    address private immutable owner;

    constructor(address owner_) {
        owner = owner_;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signature);
        bool good = problem == ECDSA.RecoverError.NoError && signer == owner;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }

    receive() external payable {}
}
