package main

import (
	"bufio"
	"context"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/uuid"
	"github.com/oklog/ulid/v2"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/s3api/utils"
	"github.com/versity/versitygw/s3err"
	"github.com/versity/versitygw/s3response"
)

// checked is a backend whose methods refuse keys, upload IDs and version IDs that a path could not safely be made of.
//
// The POSIX backend of versitygw 1.8.0 joins them to the path of a bucket. The server checks the keys in URLs, forms and
// copy sources only: a key in the body of DeleteObjects, an upload ID and a version ID could lead into other buckets.
// Every method that takes one of them is overridden, whoever checks it before.
type checked struct {
	backend.Backend
}

var _ backend.Backend = checked{}

// checkKey refuses a key that leads out of its bucket, by the rule of versitygw for the keys in URLs.
func checkKey(key *string) error {
	if key == nil {
		return s3err.GetAPIError(s3err.ErrNoSuchKey)
	}
	if !utils.IsObjectNameValid(*key) {
		return s3err.GetAPIError(s3err.ErrBadRequest)
	}
	return nil
}

// checkUpload refuses an upload ID that is not a UUID in the form in which versitygw makes them.
func checkUpload(id *string) error {
	if id == nil {
		return s3err.GetNoSuchUploadErr("")
	}
	parsed, err := uuid.Parse(*id)
	if err != nil || parsed.String() != *id {
		return s3err.GetNoSuchUploadErr(*id)
	}
	return nil
}

// checkVersion refuses a version ID that is neither a ULID nor "null". The backend checks the length of a ULID alone.
func checkVersion(id *string) error {
	if id == nil || *id == "" || *id == "null" {
		return nil
	}
	if _, err := ulid.ParseStrict(*id); err != nil {
		return s3err.GetInvalidArgumentErr(s3err.InvalidArgVersionId, *id)
	}
	return nil
}

// checkSource refuses the value of a copy-source header whose bucket, key or version ID is not valid.
func checkSource(source *string) error {
	if source == nil {
		return s3err.GetInvalidArgumentErr(s3err.InvalidArgCopySourceBucket, "")
	}
	bucket, key, version, err := backend.ParseCopySource(*source)
	if err != nil {
		return err
	}
	if !utils.IsValidBucketName(bucket) {
		return s3err.GetInvalidArgumentErr(s3err.InvalidArgCopySourceBucket, *source)
	}
	if !utils.IsObjectNameValid(key) {
		return s3err.GetInvalidArgumentErr(s3err.InvalidArgCopySourceObject, key)
	}
	return checkVersion(&version)
}

// first returns the first of the errors that is not nil.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Uploads in parts.

func (b checked) CreateMultipartUpload(ctx context.Context, in s3response.CreateMultipartUploadInput) (s3response.InitiateMultipartUploadResult, error) {
	if err := checkKey(in.Key); err != nil {
		return s3response.InitiateMultipartUploadResult{}, err
	}
	return b.Backend.CreateMultipartUpload(ctx, in)
}

func (b checked) CompleteMultipartUpload(ctx context.Context, in *s3.CompleteMultipartUploadInput) (s3response.CompleteMultipartUploadResult, string, error) {
	if err := first(checkKey(in.Key), checkUpload(in.UploadId)); err != nil {
		return s3response.CompleteMultipartUploadResult{}, "", err
	}
	return b.Backend.CompleteMultipartUpload(ctx, in)
}

func (b checked) AbortMultipartUpload(ctx context.Context, in *s3.AbortMultipartUploadInput) error {
	if err := first(checkKey(in.Key), checkUpload(in.UploadId)); err != nil {
		return err
	}
	return b.Backend.AbortMultipartUpload(ctx, in)
}

func (b checked) ListParts(ctx context.Context, in *s3.ListPartsInput) (s3response.ListPartsResult, error) {
	if err := first(checkKey(in.Key), checkUpload(in.UploadId)); err != nil {
		return s3response.ListPartsResult{}, err
	}
	return b.Backend.ListParts(ctx, in)
}

func (b checked) UploadPart(ctx context.Context, in *s3.UploadPartInput) (*s3.UploadPartOutput, error) {
	if err := first(checkKey(in.Key), checkUpload(in.UploadId)); err != nil {
		return nil, err
	}
	return b.Backend.UploadPart(ctx, in)
}

func (b checked) UploadPartCopy(ctx context.Context, in *s3.UploadPartCopyInput) (s3response.CopyPartResult, error) {
	if err := first(checkKey(in.Key), checkUpload(in.UploadId), checkSource(in.CopySource)); err != nil {
		return s3response.CopyPartResult{}, err
	}
	return b.Backend.UploadPartCopy(ctx, in)
}

// Objects.

func (b checked) PutObject(ctx context.Context, in s3response.PutObjectInput) (s3response.PutObjectOutput, error) {
	if err := checkKey(in.Key); err != nil {
		return s3response.PutObjectOutput{}, err
	}
	return b.Backend.PutObject(ctx, in)
}

func (b checked) HeadObject(ctx context.Context, in *s3.HeadObjectInput) (*s3.HeadObjectOutput, error) {
	if err := first(checkKey(in.Key), checkVersion(in.VersionId)); err != nil {
		return nil, err
	}
	return b.Backend.HeadObject(ctx, in)
}

func (b checked) GetObject(ctx context.Context, in *s3.GetObjectInput) (*s3.GetObjectOutput, error) {
	if err := first(checkKey(in.Key), checkVersion(in.VersionId)); err != nil {
		return nil, err
	}
	return b.Backend.GetObject(ctx, in)
}

func (b checked) GetObjectAcl(ctx context.Context, in *s3.GetObjectAclInput) (*s3.GetObjectAclOutput, error) {
	if err := first(checkKey(in.Key), checkVersion(in.VersionId)); err != nil {
		return nil, err
	}
	return b.Backend.GetObjectAcl(ctx, in)
}

func (b checked) PutObjectAcl(ctx context.Context, in *s3.PutObjectAclInput) error {
	if err := first(checkKey(in.Key), checkVersion(in.VersionId)); err != nil {
		return err
	}
	return b.Backend.PutObjectAcl(ctx, in)
}

func (b checked) GetObjectAttributes(ctx context.Context, in *s3.GetObjectAttributesInput) (s3response.GetObjectAttributesResponse, error) {
	if err := first(checkKey(in.Key), checkVersion(in.VersionId)); err != nil {
		return s3response.GetObjectAttributesResponse{}, err
	}
	return b.Backend.GetObjectAttributes(ctx, in)
}

func (b checked) CopyObject(ctx context.Context, in s3response.CopyObjectInput) (s3response.CopyObjectOutput, error) {
	if err := first(checkKey(in.Key), checkSource(in.CopySource)); err != nil {
		return s3response.CopyObjectOutput{}, err
	}
	return b.Backend.CopyObject(ctx, in)
}

func (b checked) DeleteObject(ctx context.Context, in *s3.DeleteObjectInput) (*s3.DeleteObjectOutput, error) {
	if err := first(checkKey(in.Key), checkVersion(in.VersionId)); err != nil {
		return nil, err
	}
	return b.Backend.DeleteObject(ctx, in)
}

// DeleteObjects deletes the objects whose keys and version IDs are valid, and reports an error for each of the others.
func (b checked) DeleteObjects(ctx context.Context, in *s3.DeleteObjectsInput) (s3response.DeleteResult, error) {
	var valid []types.ObjectIdentifier
	var refused []types.Error
	for _, object := range in.Delete.Objects {
		if err := first(checkKey(object.Key), checkVersion(object.VersionId)); err != nil {
			refused = append(refused, s3err.ObjectDeleteError(object.Key, object.VersionId, err))
		} else {
			valid = append(valid, object)
		}
	}
	if len(refused) == 0 {
		return b.Backend.DeleteObjects(ctx, in)
	}
	if len(valid) == 0 {
		return s3response.DeleteResult{Error: refused}, nil
	}
	rest, kept := *in, *in.Delete
	kept.Objects = valid
	rest.Delete = &kept
	result, err := b.Backend.DeleteObjects(ctx, &rest)
	result.Error = append(result.Error, refused...)
	return result, err
}

func (b checked) RestoreObject(ctx context.Context, in *s3.RestoreObjectInput) error {
	if err := first(checkKey(in.Key), checkVersion(in.VersionId)); err != nil {
		return err
	}
	return b.Backend.RestoreObject(ctx, in)
}

// SelectObjectContent has no error to return: with a key that is not valid, the writer answers that it is not
// implemented, as it is in the POSIX backend.
func (b checked) SelectObjectContent(ctx context.Context, in *s3.SelectObjectContentInput) func(*bufio.Writer) {
	if checkKey(in.Key) != nil {
		return backend.BackendUnsupported{}.SelectObjectContent(ctx, in)
	}
	return b.Backend.SelectObjectContent(ctx, in)
}

// Tags, retention and legal hold of an object.

func (b checked) GetObjectTagging(ctx context.Context, bucket, key, version string) (map[string]string, error) {
	if err := first(checkKey(&key), checkVersion(&version)); err != nil {
		return nil, err
	}
	return b.Backend.GetObjectTagging(ctx, bucket, key, version)
}

func (b checked) PutObjectTagging(ctx context.Context, bucket, key, version string, tags map[string]string) error {
	if err := first(checkKey(&key), checkVersion(&version)); err != nil {
		return err
	}
	return b.Backend.PutObjectTagging(ctx, bucket, key, version, tags)
}

func (b checked) DeleteObjectTagging(ctx context.Context, bucket, key, version string) error {
	if err := first(checkKey(&key), checkVersion(&version)); err != nil {
		return err
	}
	return b.Backend.DeleteObjectTagging(ctx, bucket, key, version)
}

func (b checked) GetObjectRetention(ctx context.Context, bucket, key, version string) ([]byte, error) {
	if err := first(checkKey(&key), checkVersion(&version)); err != nil {
		return nil, err
	}
	return b.Backend.GetObjectRetention(ctx, bucket, key, version)
}

func (b checked) PutObjectRetention(ctx context.Context, bucket, key, version string, retention []byte) error {
	if err := first(checkKey(&key), checkVersion(&version)); err != nil {
		return err
	}
	return b.Backend.PutObjectRetention(ctx, bucket, key, version, retention)
}

func (b checked) GetObjectLegalHold(ctx context.Context, bucket, key, version string) (*bool, error) {
	if err := first(checkKey(&key), checkVersion(&version)); err != nil {
		return nil, err
	}
	return b.Backend.GetObjectLegalHold(ctx, bucket, key, version)
}

func (b checked) PutObjectLegalHold(ctx context.Context, bucket, key, version string, status bool) error {
	if err := first(checkKey(&key), checkVersion(&version)); err != nil {
		return err
	}
	return b.Backend.PutObjectLegalHold(ctx, bucket, key, version, status)
}
