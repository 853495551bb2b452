package main

import (
	"fmt"
	"strings"
	"time"

	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	rbac "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
)

// tokenRequest gets a token bound to a pod, uses it, and sees it end with the pod.
func tokenRequest(w *world) {
	made := must(w.client.CoreV1().Pods(w.namespace).Create(w.ctx, pod("a", nil), meta.CreateOptions{}))
	request := &authentication.TokenRequest{Spec: authentication.TokenRequestSpec{
		ExpirationSeconds: ptr.To(int64(3600)),
		BoundObjectRef:    &authentication.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: made.Name, UID: made.UID},
	}}
	accounts := w.client.CoreV1().ServiceAccounts(w.namespace)
	answer := must(accounts.CreateToken(w.ctx, "default", request, meta.CreateOptions{}))
	left := time.Until(answer.Status.ExpirationTimestamp.Time)
	ensure(left > 50*time.Minute && left < 70*time.Minute, "it expires in %s", left)
	same("the parts of the token", len(strings.Split(answer.Status.Token, ".")), 3)
	config := rest.AnonymousClientConfig(w.config)
	config.BearerToken = answer.Status.Token
	client := kubernetes.NewForConfigOrDie(config)
	self := must(client.AuthenticationV1().SelfSubjectReviews().Create(w.ctx, &authentication.SelfSubjectReview{}, meta.CreateOptions{}))
	name := fmt.Sprintf("system:serviceaccount:%s:default", w.namespace)
	same("who that is", self.Status.UserInfo.Username, name)
	same("its groups", self.Status.UserInfo.Groups, []string{"system:serviceaccounts", "system:serviceaccounts:" + w.namespace, "system:authenticated"})
	same("its pod", self.Status.UserInfo.Extra["authentication.kubernetes.io/pod-name"], authentication.ExtraValue{"a"})
	_, err := client.CoreV1().ConfigMaps(w.namespace).List(w.ctx, meta.ListOptions{})
	refused("what nobody allowed", err, errors.IsForbidden)
	review := &authentication.TokenReview{Spec: authentication.TokenReviewSpec{Token: answer.Status.Token}}
	good := must(w.client.AuthenticationV1().TokenReviews().Create(w.ctx, review, meta.CreateOptions{}))
	ensure(good.Status.Authenticated && good.Status.User.Username == name, "the review says %s", text(good.Status))
	review.Spec.Audiences = []string{"other"}
	bad := must(w.client.AuthenticationV1().TokenReviews().Create(w.ctx, review, meta.CreateOptions{}))
	ensure(!bad.Status.Authenticated, "the token is good for another audience")
	succeed(w.client.CoreV1().Pods(w.namespace).Delete(w.ctx, "a", *meta.NewDeleteOptions(0)))
	eventually("the token ends with its pod", func() bool {
		_, err := client.AuthenticationV1().SelfSubjectReviews().Create(w.ctx, &authentication.SelfSubjectReview{}, meta.CreateOptions{})
		return errors.IsUnauthorized(err)
	})
	_, err = accounts.CreateToken(w.ctx, "missing", request, meta.CreateOptions{})
	refused("a token of no account", err, errors.IsNotFound)
}

func (w *world) allowed(user, verb, resource, namespace string) bool {
	review := &authorization.SubjectAccessReview{Spec: authorization.SubjectAccessReviewSpec{
		User: user, Groups: []string{"system:authenticated"},
		ResourceAttributes: &authorization.ResourceAttributes{Verb: verb, Resource: resource, Namespace: namespace},
	}}
	return must(w.client.AuthorizationV1().SubjectAccessReviews().Create(w.ctx, review, meta.CreateOptions{})).Status.Allowed
}

func accessReview(w *world) {
	ensure(w.allowed("system:kube-scheduler", "list", "persistentvolumeclaims", ""), "the scheduler may not list claims")
	ensure(!w.allowed("jane", "get", "configmaps", w.namespace), "jane may read before she is allowed to")
	role := &rbac.Role{
		ObjectMeta: meta.ObjectMeta{Name: "reader"},
		Rules:      []rbac.PolicyRule{{APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get"}}},
	}
	binding := &rbac.RoleBinding{
		ObjectMeta: meta.ObjectMeta{Name: "jane"},
		Subjects:   []rbac.Subject{{APIGroup: rbac.GroupName, Kind: rbac.UserKind, Name: "jane"}},
		RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "Role", Name: "reader"},
	}
	must(w.client.RbacV1().Roles(w.namespace).Create(w.ctx, role, meta.CreateOptions{}))
	must(w.client.RbacV1().RoleBindings(w.namespace).Create(w.ctx, binding, meta.CreateOptions{}))
	eventually("jane may read", func() bool { return w.allowed("jane", "get", "configmaps", w.namespace) })
	ensure(!w.allowed("jane", "delete", "configmaps", w.namespace), "jane may delete")
	ensure(!w.allowed("jane", "get", "configmaps", "default"), "jane may read elsewhere")
	config := rest.CopyConfig(w.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "jane"}
	jane := kubernetes.NewForConfigOrDie(config)
	must(w.client.CoreV1().ConfigMaps(w.namespace).Create(w.ctx, configMap("a", nil), meta.CreateOptions{}))
	must(jane.CoreV1().ConfigMaps(w.namespace).Get(w.ctx, "a", meta.GetOptions{}))
	refused("what jane may not", jane.CoreV1().ConfigMaps(w.namespace).Delete(w.ctx, "a", meta.DeleteOptions{}), errors.IsForbidden)
	rules := &authorization.SelfSubjectRulesReview{Spec: authorization.SelfSubjectRulesReviewSpec{Namespace: w.namespace}}
	answer := must(jane.AuthorizationV1().SelfSubjectRulesReviews().Create(w.ctx, rules, meta.CreateOptions{}))
	ensure(strings.Contains(text(answer.Status.ResourceRules), `"configmaps"`), "jane's rules: %s", text(answer.Status))
	own := &authorization.SelfSubjectAccessReview{Spec: authorization.SelfSubjectAccessReviewSpec{
		NonResourceAttributes: &authorization.NonResourceAttributes{Path: "/version", Verb: "get"},
	}}
	ensure(must(jane.AuthorizationV1().SelfSubjectAccessReviews().Create(w.ctx, own, meta.CreateOptions{})).Status.Allowed, "/version is closed")
}

// impersonation acts as another with everything that identities have.
func impersonation(w *world) {
	config := rest.CopyConfig(w.config)
	config.Impersonate = rest.ImpersonationConfig{
		UserName: "jane", UID: "u", Groups: []string{"a", "b"}, Extra: map[string][]string{"example.com/team": {"x", "y"}},
	}
	reviews := kubernetes.NewForConfigOrDie(config).AuthenticationV1().SelfSubjectReviews()
	self := must(reviews.Create(w.ctx, &authentication.SelfSubjectReview{}, meta.CreateOptions{}))
	same("who that is", self.Status.UserInfo, authentication.UserInfo{
		Username: "jane", UID: "u", Groups: []string{"a", "b", "system:authenticated"},
		Extra: map[string]authentication.ExtraValue{"example.com/team": {"x", "y"}},
	})
}
