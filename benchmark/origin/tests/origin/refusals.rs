//! What the origin does not do of S3 is answered 501, by its name; nothing else comes of it.

use crate::client::Origin;

/// Every operation that s3s knows and the origin does not do, as a request and as a name.
const REFUSED: &str = "
GET /run?analytics&id=x GetBucketAnalyticsConfiguration
GET /run?intelligent-tiering&id=x GetBucketIntelligentTieringConfiguration
GET /run?inventory&id=x GetBucketInventoryConfiguration
GET /run?metrics&id=x GetBucketMetricsConfiguration
GET /run?session CreateSession
GET /run?accelerate GetBucketAccelerateConfiguration
GET /run?acl GetBucketAcl
GET /run?cors GetBucketCors
GET /run?encryption GetBucketEncryption
GET /run?lifecycle GetBucketLifecycleConfiguration
GET /run?logging GetBucketLogging
GET /run?metadataTable GetBucketMetadataTableConfiguration
GET /run?notification GetBucketNotificationConfiguration
GET /run?ownershipControls GetBucketOwnershipControls
GET /run?policy GetBucketPolicy
GET /run?policyStatus GetBucketPolicyStatus
GET /run?replication GetBucketReplication
GET /run?requestPayment GetBucketRequestPayment
GET /run?tagging GetBucketTagging
GET /run?versioning GetBucketVersioning
GET /run?website GetBucketWebsite
GET /run?object-lock GetObjectLockConfiguration
GET /run?publicAccessBlock GetPublicAccessBlock
GET /run?analytics ListBucketAnalyticsConfigurations
GET /run?intelligent-tiering ListBucketIntelligentTieringConfigurations
GET /run?inventory ListBucketInventoryConfigurations
GET /run?metrics ListBucketMetricsConfigurations
GET /run?versions ListObjectVersions
GET /?x-id=ListDirectoryBuckets ListDirectoryBuckets
GET /run/object-000001?attributes GetObjectAttributes
GET /run/object-000001?acl GetObjectAcl
GET /run/object-000001?legal-hold GetObjectLegalHold
GET /run/object-000001?retention GetObjectRetention
GET /run/object-000001?torrent GetObjectTorrent
GET /run/object-000001?partNumber=1 GetObject with `partNumber`
POST /run?metadataTable CreateBucketMetadataTableConfiguration
POST /run/object-000001?select&select-type=2 SelectObjectContent
POST /run/object-000001?restore RestoreObject
PUT /run?analytics&id=x PutBucketAnalyticsConfiguration
PUT /run?intelligent-tiering&id=x PutBucketIntelligentTieringConfiguration
PUT /run?inventory&id=x PutBucketInventoryConfiguration
PUT /run?metrics&id=x PutBucketMetricsConfiguration
PUT /run?accelerate PutBucketAccelerateConfiguration
PUT /run?acl PutBucketAcl
PUT /run?cors PutBucketCors
PUT /run?encryption PutBucketEncryption
PUT /run?lifecycle PutBucketLifecycleConfiguration
PUT /run?logging PutBucketLogging
PUT /run?notification PutBucketNotificationConfiguration
PUT /run?ownershipControls PutBucketOwnershipControls
PUT /run?policy PutBucketPolicy
PUT /run?replication PutBucketReplication
PUT /run?requestPayment PutBucketRequestPayment
PUT /run?tagging PutBucketTagging
PUT /run?versioning PutBucketVersioning
PUT /run?website PutBucketWebsite
PUT /run?object-lock PutObjectLockConfiguration
PUT /run?publicAccessBlock PutPublicAccessBlock
PUT /run/object-000001?acl PutObjectAcl
PUT /run/object-000001?legal-hold PutObjectLegalHold
PUT /run/object-000001?retention PutObjectRetention
PUT /run/object-000001?tagging PutObjectTagging
DELETE /run DeleteBucket
DELETE /run?analytics&id=x DeleteBucketAnalyticsConfiguration
DELETE /run?intelligent-tiering&id=x DeleteBucketIntelligentTieringConfiguration
DELETE /run?inventory&id=x DeleteBucketInventoryConfiguration
DELETE /run?metrics&id=x DeleteBucketMetricsConfiguration
DELETE /run?cors DeleteBucketCors
DELETE /run?encryption DeleteBucketEncryption
DELETE /run?lifecycle DeleteBucketLifecycle
DELETE /run?metadataTable DeleteBucketMetadataTableConfiguration
DELETE /run?ownershipControls DeleteBucketOwnershipControls
DELETE /run?policy DeleteBucketPolicy
DELETE /run?replication DeleteBucketReplication
DELETE /run?tagging DeleteBucketTagging
DELETE /run?website DeleteBucketWebsite
DELETE /run?publicAccessBlock DeletePublicAccessBlock
DELETE /run/object-000001?tagging DeleteObjectTagging
PATCH /run/object-000001 PATCH /run/object-000001
OPTIONS /run/object-000001 OPTIONS /run/object-000001
POST /run/object-000001 POST /run/object-000001
POST /run/object-000001?anything POST /run/object-000001?anything
POST /run POST /run
POST / POST /
PUT / PUT /
DELETE / DELETE /
PUT /run/object-000001?renameObject PutObject with `renameObject`
PUT /run/object-000001?encryption PutObject with `encryption`
PUT /run?abac CreateBucket with `abac`
GET /run?metadataConfiguration ListObjects with `metadataConfiguration`
GET /?anything ListBuckets with `anything`
";

#[test]
fn what_is_not_done_is_answered_501_by_its_name() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    for line in REFUSED.lines().filter(|line| !line.is_empty()) {
        let (method, rest) = line.split_once(' ').unwrap();
        let (target, name) = rest.split_once(' ').unwrap();
        // Whatever comes with it: nobody reads it.
        for body in ["", "<no XML"] {
            let response = origin.connect().request(method, target, "", body.as_bytes()).unwrap();
            let text = response.text();
            let named = text.contains(&format!("The origin does not implement {name}; "));
            assert!(response.status == 501 && named, "{line}: {} {text}", response.status);
            assert!(text.contains("<Error><Code>NotImplemented</Code><Message>"), "{text}");
        }
    }
    let lambda = "x-amz-request-route: x\r\nx-amz-request-token: x\r\n";
    let response = origin.connect().request("POST", "/run", lambda, b"").unwrap();
    assert!(response.status == 501 && response.text().contains("WriteGetObjectResponse"), "{}", response.text());
    let form = "Content-Type: multipart/form-data; boundary=b\r\n";
    let fields = "--b\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nk\r\n\
                  --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n";
    let response = origin.connect().request("POST", "/run", form, fields.as_bytes()).unwrap();
    assert!(response.status == 501 && response.text().contains("PostObject"), "{}", response.text());
    let object = origin.connect().get("/run/object-000001", "").unwrap();
    assert_eq!((object.status, object.body.len()), (200, 100_000));
}

#[test]
fn a_header_that_makes_a_put_another_is_refused_and_others_are_ignored() {
    let origin = Origin::start();
    origin.announce("run", |_| {}, &[]);
    let put = |headers: &str| origin.connect().request("PUT", "/run/key", headers, b"x").unwrap();
    for header in ["x-amz-tagging: a=b", "x-amz-write-offset-bytes: 5", "x-amz-object-lock-mode: GOVERNANCE"] {
        let response = put(&format!("{header}\r\n"));
        let name = header.split(':').next().unwrap();
        assert!(response.status == 501 && response.text().contains(name), "{header}: {}", response.text());
    }
    assert_eq!(origin.connect().get("/run/key", "").unwrap().status, 404);
    for header in ["x-amz-acl: private", "x-amz-storage-class: STANDARD", "x-amz-server-side-encryption: AES256"] {
        assert_eq!(put(&format!("{header}\r\n")).status, 200, "{header}");
    }
}
